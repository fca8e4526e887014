// The address space: which subnet, which part of it, the map, and what its patterns mean.

import { subnets } from '../node-state.ts'
import { Legend } from './legend.tsx'
import { MapCanvas } from './map-canvas.tsx'
import { open, openSubnet, space, trouble, windows, zoomOutTo } from './open-space.ts'
import { countWords, windowWords } from './words.ts'

export function AddressPanel() {
  return (
    <section class="panel addresses" aria-labelledby="addresses-title" id="addresses">
      <header>
        <h2 id="addresses-title">Addresses</h2>
        <Subnets />
      </header>
      <Trail />
      {trouble.value === undefined ? null : <p class="trouble">{trouble.value}</p>}
      {subnets.value.length === 0 ? (
        <p class="quiet">This node has no pools yet.</p>
      ) : (
        <>
          <MapCanvas />
          <Legend />
        </>
      )}
    </section>
  )
}

function Subnets() {
  const chosen = open.value?.subnet
  return (
    <nav class="subnets" aria-label="Subnets">
      {subnets.value.map(subnet => (
        <button
          key={subnet}
          type="button"
          class="tab mono"
          aria-current={subnet === chosen ? 'true' : undefined}
          onClick={() => openSubnet(subnet)}
        >
          {subnet}
        </button>
      ))}
    </nav>
  )
}

/** From the whole subnet to the part that is shown; each is a way back. */
function Trail() {
  const path = windows.value
  const shown = space.value
  if (path.length === 0 || shown === undefined) return null
  const { start, end } = shown.window
  const scale = shown.isSingle
    ? 'one cell is one address'
    : `one cell is ${countWords(shown.cell)} addresses`
  return (
    <nav class="trail" aria-label="Part of the subnet">
      <ol>
        {path.map((window, depth) => (
          <li key={depth}>
            {depth === path.length - 1 ? (
              <span class="mono" aria-current="true">
                {windowWords(window.start, window.end)}
              </span>
            ) : (
              <button type="button" class="link mono" onClick={() => zoomOutTo(depth)}>
                {windowWords(window.start, window.end)}
              </button>
            )}
          </li>
        ))}
      </ol>
      <span class="quiet">
        {countWords(end - start)} addresses, {scale}
      </span>
    </nav>
  )
}
