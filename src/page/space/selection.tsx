// Beside the map: what is under its cursor. Of one address also its history, as this node knows it.

import { useSignal, useSignalEffect } from '@preact/signals'
import { type Address, formatAddress } from '../../core/address.ts'
import { get, type WhyView } from '../answers.ts'
import { status } from '../node-state.ts'
import { Swatch } from './legend.tsx'
import { changed, cursor, open, space, zoomIn } from './open-space.ts'
import { closer, type Space } from './space.ts'
import {
  cellWords,
  countWords,
  labelWords,
  percentWords,
  shortIds,
  stateMeanings,
  windowWords
} from './words.ts'

/** Who walks over the map with the arrow keys does not want to know of every address. */
const restMs = 200

export function Selection() {
  const [shown, at] = [space.value, cursor.value]
  void changed.value.n
  const cell = shown !== undefined && at !== undefined ? shown.cellOf(at) : undefined
  if (shown === undefined || at === undefined || cell === undefined) {
    return (
      <section class="panel selection" aria-labelledby="selection-title">
        <h2 id="selection-title">Selection</h2>
        <p class="quiet">Choose an address on the map: click, or use the arrow keys.</p>
      </section>
    )
  }
  return (
    <section class="panel selection" aria-labelledby="selection-title">
      <h2 id="selection-title" class="mono">
        {cellWords(cell, shown)}
      </h2>
      <Parts cell={cell} shown={shown} />
      <Closer at={at} />
      {shown.isSingle ? <History at={at} /> : null}
    </section>
  )
}

function Parts({ cell, shown }: { readonly cell: number; readonly shown: Space }) {
  const self = status.value?.node ?? ''
  const mix = [...shown.mixAt(cell)].sort((a, b) => (a.addresses > b.addresses ? -1 : 1))
  return (
    <ul class="parts">
      {mix.map(({ label, addresses }) => (
        <li key={label}>
          <Swatch place={label} />
          <span>
            {labelWords(shown.labelOf(label), self)}
            {shown.isSingle ? <small>{stateMeanings[shown.labelOf(label).state]}</small> : null}
          </span>
          {shown.isSingle ? null : (
            <span class="number">
              {countWords(addresses)} <small>{percentWords(addresses, shown.cell)}</small>
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function Closer({ at }: { readonly at: Address }) {
  const window = open.value
  const next = window && closer(window, at)
  if (next === undefined) return null
  return (
    <button type="button" class="action" onClick={() => zoomIn(at)}>
      Look closer: <span class="mono">{windowWords(next.start, next.end)}</span>
    </button>
  )
}

function History({ at }: { readonly at: Address }) {
  const story = useSignal<WhyView | string | undefined>(undefined)
  useSignalEffect(() => {
    const address = cursor.value
    void changed.value.n
    if (address === undefined) return
    let isOld = false
    const tell = (value: WhyView | string) => {
      if (!isOld) story.value = value
    }
    const timer = setTimeout(() => {
      get('/v1/why', { address: formatAddress(address) }).then(tell, (error: unknown) =>
        tell(error instanceof Error ? error.message : String(error))
      )
    }, restMs)
    return () => {
      isOld = true
      clearTimeout(timer)
    }
  })
  const told = story.value
  if (told === undefined) return null
  if (typeof told === 'string') return <p class="quiet">{told}</p>
  if (told.address !== formatAddress(at)) return null
  return <Story told={told} />
}

function Story({ told }: { readonly told: WhyView }) {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['pod', told.pod],
    ['pool', told.pool],
    ['custody', told.node],
    ['kept for', told.keptFor],
    ['attachment', told.holder],
    ['for', told.seconds === undefined ? undefined : `${Math.round(told.seconds)} s`]
  ]
  return (
    <>
      <dl class="facts">
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd title={value}>{shortIds(value)}</dd>
            </div>
          )
        )}
      </dl>
      <h3>History</h3>
      <ol class="history">
        {told.history.map(({ at: when, what }, i) => (
          <li key={i}>
            <time>{when === undefined ? '' : timeWords(when)}</time>
            <span title={what}>{shortIds(what)}</span>
          </li>
        ))}
      </ol>
    </>
  )
}

function timeWords(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ')
}
