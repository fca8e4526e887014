// What need not be taken back by itself.

import type { Operation } from '../kernel/operation.ts'

/** What lies on a link goes with it. */
export function withoutVanishing(operations: readonly Operation[]): Operation[] {
  const gone = new Set(
    operations.flatMap(one => (one.type === 'DeleteLink' ? [`${one.at} ${one.name}`] : []))
  )
  return operations.filter(one => {
    const link = linkOf(one)
    return link === undefined || !gone.has(`${one.at} ${link}`)
  })
}

function linkOf(operation: Operation): string | undefined {
  if (operation.type === 'DeleteNeighbour') return operation.neighbour.link
  if (operation.type === 'DeleteAddress') return operation.address.link
  if (operation.type === 'SetLink') return operation.name
  if (operation.type !== 'DeleteRoute') return undefined
  const [hop, ...others] = operation.route.hops
  return others.length === 0 ? hop?.link : undefined
}
