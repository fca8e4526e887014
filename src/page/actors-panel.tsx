// The actors as a tree: what waits for each of them, and how much it does.

import { actors, rates, restarts } from './node-state.ts'
import type { ActorTree } from './answers.ts'

export function ActorsPanel() {
  const rows = flat(actors.value, 0, '')
  return (
    <section class="panel actors" aria-labelledby="actors-title" id="actors">
      <header>
        <h2 id="actors-title">Actors</h2>
        <span class="quiet">
          {rows.length} live
          {restarts.value > 0 ? `, started anew ${restarts.value} times` : ''}
        </span>
      </header>
      {rows.length === 0 ? (
        <p class="quiet">The node does not tell of its actors.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of actors">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">Actor</th>
                <th scope="col" class="number">
                  Waiting
                </th>
                <th scope="col" class="number">
                  Per second
                </th>
                <th scope="col" class="number">
                  Handled
                </th>
                <th scope="col" class="number">
                  Slowest
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ actor, depth, name }) => (
                <Row key={actor.path} actor={actor} depth={depth} name={name} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

interface RowProps {
  readonly actor: ActorTree
  readonly depth: number
  readonly name: string
}

function Row({ actor, depth, name }: RowProps) {
  const { path, waiting, handled, slowestMs, stopped, lastError } = actor
  const rate = rates.value.get(path) ?? 0
  return (
    <tr class={stopped === undefined ? undefined : 'alarm'} title={lastError?.message}>
      <th scope="row" style={{ paddingLeft: `${depth * 14}px` }} class="mono">
        {name}
        {stopped === undefined ? null : <span class="role">{stopped.toLowerCase()}</span>}
      </th>
      <td class="number">{waiting === 0 ? <span class="quiet">0</span> : waiting}</td>
      <td class="number">{rate < 0.05 ? <span class="quiet">0</span> : rate.toFixed(1)}</td>
      <td class="number">{handled}</td>
      <td class="number">{slowestMs.toFixed(1)} ms</td>
    </tr>
  )
}

/** Names without what their parent says already. */
function flat(trees: readonly ActorTree[], depth: number, parent: string): RowProps[] {
  return trees.flatMap(actor => [
    {
      actor,
      depth,
      name: actor.path.startsWith(`${parent}/`) ? actor.path.slice(parent.length + 1) : actor.path
    },
    ...flat(actor.children, depth + 1, actor.path)
  ])
}
