// What a large cluster takes of one node: the memory and the start of a daemon that knows of a thousand members
// and of ten thousand runs, beside one that is alone. With a mesh section libp2p is loaded.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import type { Address } from '../../../src/core/address.ts'
import type { Run as CustodyRun } from '../../../src/core/lease/register.ts'
import type { Change } from '../../../src/ports/attachment-store.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { figure } from '../figures.ts'
import type { Group } from '../group.ts'
import { residentMb } from '../node-daemon.ts'
import { type Seat, seats, sitDown } from './neighbours.ts'
import { addressesPerNode, domain, firstOf, registryLog, residents } from './registry-log.ts'

const residentMbMax = 250
const members = 1_000
const runsPerMember = 10

/** What is loaded after the daemon is ready has come by then, and what that left is collected. */
const settleMs = { quick: 10_000, full: 60_000 }

export const memberships: Group = async run => {
  const [alone] = await seats(run.stage, 1)
  const [crowded] = await seats(run.stage, 1)
  if (alone === undefined || crowded === undefined) return []
  fill(crowded)
  await using small = await sitDown(run.stage, alone)
  const started = performance.now()
  await using large = await sitDown(run.stage, crowded)
  const startMs = performance.now() - started
  await sleep(run.quick ? settleMs.quick : settleMs.full)
  const what = `${members} members and ${members * runsPerMember} runs`
  const bar = { below: residentMbMax }
  return [
    figure('resident memory of a daemon with a mesh, alone', residentMb(small), 'MB'),
    figure(`resident memory of a daemon with a mesh, ${what}`, residentMb(large), 'MB', bar),
    figure(`start until both sockets answer, ${what}`, startMs, 'ms')
  ]
}

/** As if it had kept the registry of such a cluster for long. */
function fill({ dir }: Seat): void {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  const stateDir = join(dir, 'state')
  mkdirSync(stateDir)
  const store = openStore(stateDir, { boot })
  const { incarnation, key } = store.loadLeases().identity
  const [, ...others] = residents(members, bytes => randomBytes(bytes).toString('hex'))
  const all = [{ incarnation, key, node: 'bench-0' }, ...others]
  const records = registryLog(all, { joinsPerRecord: 1 })
  const changes = records.flatMap((record, i): Change[] => [
    { type: 'LearnRecord', index: i + 1, record },
    { type: 'FileRecord', index: i + 1, record }
  ])
  const marks = all.map((_, i): [number, number] => [i + 1, runsPerMember])
  store.commit([
    ...changes,
    { type: 'PutRuns', domain, removed: [], added: all.flatMap((_, i) => runsOf(i)) },
    { type: 'PutMarks', domain, marks }
  ])
  store.close()
}

/** What a node was given at first, in pieces that went here and there. */
function runsOf(node: number): CustodyRun[] {
  const size = addressesPerNode / BigInt(runsPerMember)
  const lastFence = 1 + members + Math.ceil(members / 64)
  return Array.from({ length: runsPerMember }, (_, i) => {
    const start = (firstOf(node) + BigInt(i) * size) as Address
    const end = i === runsPerMember - 1 ? firstOf(node + 1) : start + size
    const owner = 1 + ((node + i) % members)
    const register = { fence: lastFence, seq: 1, owner, writer: node + 1, wctr: i + 1, tail: '' }
    return { start, end, register }
  })
}
