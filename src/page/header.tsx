// Who this node is and whether it serves: what somebody at three in the morning looks for first.

import { line } from './events/event-log.ts'
import { isAnswering, peers, status } from './node-state.ts'
import { Search } from './search.tsx'
import { theme, themes } from './theme.ts'

export function Header() {
  const node = status.value
  const cluster = peers.value?.cluster
  return (
    <header class="top">
      <h1>
        <span class="brand">Orbweaver</span> {node?.node ?? ''}
      </h1>
      <Health />
      <dl class="identity">
        {node === undefined ? null : (
          <div>
            <dt>release</dt>
            <dd>{node.release}</dd>
          </div>
        )}
        {cluster === undefined ? null : (
          <div title={cluster}>
            <dt>cluster</dt>
            <dd class="mono">{cluster.slice(0, 8)}</dd>
          </div>
        )}
        <div>
          <dt>events</dt>
          <dd>{lineWords[line.value]}</dd>
        </div>
      </dl>
      <Search />
      <fieldset class="themes">
        <legend class="unseen">Colours</legend>
        {themes.map(one => (
          <label key={one}>
            <input
              type="radio"
              name="theme"
              checked={theme.value === one}
              onChange={() => (theme.value = one)}
            />
            <span>{one}</span>
          </label>
        ))}
      </fieldset>
    </header>
  )
}

const lineWords = { connecting: 'connecting', live: 'live', lost: 'lost' } as const

function Health() {
  const node = status.value
  if (node === undefined || !isAnswering.value) {
    return <p class="health down">{node === undefined ? 'asking the node' : 'does not answer'}</p>
  }
  if (!node.serving) return <p class="health down">serves nothing: {node.why}</p>
  const silent = node.notServing ?? []
  if (node.draining === true) return <p class="health warn">is being drained</p>
  const [first] = silent
  if (first === undefined) return <p class="health up">serves</p>
  const more = silent.length > 1 ? `, and ${silent.length - 1} more subnets` : ''
  return (
    <p class="health warn">
      {first.domain} hands out nothing: {first.why}
      {more}
    </p>
  )
}
