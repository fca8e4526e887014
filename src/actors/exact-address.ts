// A pod asks for one address by name: taken here when custody is here, else brought here first.

import type { Desk } from './desk.ts'
import type { Estate } from './estate.ts'
import type { Lack, ReserveExact } from './messages/subnet.ts'
import type { Sightings } from './sightings.ts'

export function reserveExact(
  message: ReserveExact,
  { desk, sightings, estate }: { desk: Desk; sightings: Sightings; estate: Estate }
): void {
  const { address, pools, holder, keeper, deadline, replyTo } = message
  const { book, custody, context } = desk
  const { notServing } = desk
  if (notServing !== undefined) {
    const reservation = { type: 'Exhausted', suspects: [] } as const
    return replyTo({
      reservation,
      usage: book.usage(),
      lack: { type: 'NotServing', why: notServing }
    })
  }
  const reservation = book.reserveExact(address, pools, holder, desk.now(), keeper)
  const isElsewhere = reservation.type === 'Elsewhere'
  if (!isElsewhere && reservation.type !== 'Exhausted') return replyTo({ reservation, usage: [] })
  if (!isElsewhere) for (const pool of pools) sightings.look(pool)
  const usage = book.usage()
  const refuse = (lack?: Lack) =>
    replyTo({
      reservation: isElsewhere ? { type: 'Exhausted', suspects: [] } : reservation,
      usage,
      ...(lack !== undefined && { lack })
    })
  if (!isElsewhere) return refuse()
  estate.fetch(address, fetched => {
    if (fetched.type === 'Granted' && desk.now() < deadline) return context.self.insist(message)
    if (fetched.type === 'Denied' && fetched.no.reason === 'InUse') {
      const { holder: there = 'another pod' } = fetched.no
      const node = custody.view.members.get(fetched.from)?.node ?? 'another node'
      const taken = { type: 'Taken', holder: `${there} on node ${node}` } as const
      return replyTo({ reservation: taken, usage: [] })
    }
    refuse(estate.lackOf(address, fetched))
  })
}
