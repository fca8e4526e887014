// The composition root: builds the adapters, puts the house of actors on them, opens the sockets, and takes
// it all down again in the reverse order.

import { existsSync } from 'node:fs'
import { guard, type GuardianOptions, type House } from './actors/guardian.ts'
import { ask } from './actors/runtime/ask.ts'
import type { Looks } from './admin/looks.ts'
import { openStoreAlone, standAlone } from './alone.ts'
import { DeletionQueue } from './cni/deletion-queue.ts'
import { type Desk, serveCni } from './cni/server.ts'
import type { CollectAddresses } from './cni/service.ts'
import { carryOut } from './cni/verbs.ts'
import { type DaemonConfig, defaultPoolDir } from './config/daemon-config.ts'
import { noFacts } from './config/no-facts.ts'
import { createLateProber } from './link/late-prober.ts'
import { openCoordination } from './coordination.ts'
import { createPoolFiles } from './config/pool-files.ts'
import { createSamplePool } from './config/sample-pool.ts'
import type { WireRange } from './core/protocol.ts'
import { allRules } from './core/lease/rules.ts'
import { factsOfNode } from './core/selection/facts.ts'
import { readBootId } from './host/boot-id.ts'
import { keepHeapSmall } from './host/heap.ts'
import { readMachineId } from './host/machine-id.ts'
import { createParentLinks } from './host/parent-links.ts'
import { createNamespaceFiles } from './host/namespace-files.ts'
import { systemClock as clock } from './host/system-clock.ts'
import { systemRandom } from './host/system-random.ts'
import { listenAt } from './host/unix-socket.ts'
import type { AttachmentStore } from './ports/attachment-store.ts'
import type { Log } from './ports/log.ts'
import type { LinkParts } from './ports/link-prober.ts'
import type { PodFacts } from './ports/pod-facts.ts'
import type { PoolSource } from './ports/pool-source.ts'
import type { SandboxProbe } from './ports/sandbox-probe.ts'
import { openOffice } from './office.ts'
import { poolDeskOf } from './pool-desk.ts'
import { release } from './release.ts'
import { lockState } from './store/state-lock.ts'
import { AuditLog } from './telemetry/audit-log.ts'
import { createLog } from './telemetry/log.ts'
import { Tally } from './telemetry/tally.ts'
import { MemoryChronicle } from './telemetry/memory-chronicle.ts'
import { watchStore } from './telemetry/watched-store.ts'
import type { Installation } from './installation.ts'

const sessionBytes = 8

/** What tests put in the place of the real things. */
export interface Substitutes {
  readonly store?: (real: AttachmentStore) => AttachmentStore
  /** The wire versions of another release. */
  readonly wire?: WireRange
}

/** Run until SIGTERM or SIGINT; the exit status. What was begun is taken down in the reverse order. */
export async function runDaemon(
  config: DaemonConfig,
  substitutes: Substitutes = {},
  installation?: Installation
): Promise<number> {
  process.umask(0o077)
  keepHeapSmall()
  const log = createLog({ level: config.log.level, node: config.nodeName })
  const chronicle = new MemoryChronicle({ clock, random: systemRandom, log })
  const tally = new Tally(clock)
  chronicle.count(event => tally.count(event))
  installation?.programs(log)
  let end: (status: number) => void = () => {}
  const ended = new Promise<number>(resolve => (end = resolve))
  process.once('SIGTERM', () => end(0))
  process.once('SIGINT', () => end(0))
  const onGivenUp = (error: unknown) => {
    log.error({ error }, 'giving up: the actors crash again and again')
    end(1)
  }
  for (;;) {
    // An incarnation that was removed, or whose database proved to be from the past, makes room for another.
    const reborn = Promise.withResolvers<undefined>()
    const onEnded = () => reborn.resolve(undefined)
    const endings = { onGivenUp, onEnded }
    const announcers = { log, chronicle, tally }
    await using running = await start(config, announcers, endings, substitutes, installation)
    const status = await Promise.race([ended, reborn.promise])
    if (status === undefined) continue
    log.info({}, 'stopping: what was accepted is finished first')
    running.defer(() => log.info({}, 'stopped'))
    return status
  }
}

/** Where people hear of what happens. */
interface Announcers {
  readonly log: Log
  readonly chronicle: MemoryChronicle
  readonly tally: Tally
}

interface Endings {
  readonly onGivenUp: (error: unknown) => void
  /** Another incarnation lives in the database now: everything starts anew. */
  readonly onEnded: () => void
}

async function start(
  config: DaemonConfig,
  { log, chronicle, tally }: Announcers,
  endings: Endings,
  substitutes: Substitutes,
  installation: Installation | undefined
): Promise<AsyncDisposableStack> {
  await using begun = new AsyncDisposableStack()
  const lock = lockState(config.stateDir, config.lockWaitSeconds * 1_000, log)
  begun.defer(() => lock.release())
  const node = config.nodeName
  const directory = `${config.stateDir}/audit`
  const audit = new AuditLog({ directory, node, chronicle, clock, log })
  begun.defer(() => audit.stop())
  const boot = readBootId(config.bootIdFile)
  const probe = createNamespaceFiles(config.bootIdFile)
  const opened = await openHouse(begun, config, log, {
    ...{ boot, probe, chronicle, tally, endings, substitutes }
  })
  const { house, isDiskRefusing, registrar, join, looks } = opened
  const allocator = 'why' in house ? house : house.allocator
  // It opens later: pods are waiting and people are not. It closes later too.
  let closeOffice = async () => {}
  begun.defer(() => closeOffice())
  const parents = createParentLinks()
  const service = { allocator, clock, chronicle, probe, parents, boot, node }
  const desk: Desk = {
    ...{ allocator, clock, chronicle },
    carryOut: (request, asker) => carryOut(request, asker, service)
  }
  const cni = await serveCni(config.socket, listenAt, desk, log)
  begun.defer(() => cni.stop())
  const pools = poolDeskOf(config)
  const disk = { pools, isDiskRefusing }
  const others = { registrar, elsewhere: looks }
  const shown = { node, release, clock, chronicle, house, probe, ...disk, ...others }
  closeOffice = await openOffice(config, shown, { log, tally })
  log.info({ release, socket: config.socket, serving: !('why' in house) }, 'ready')
  if (!('why' in house)) installation?.network(log)
  join()
  return begun.move()
}

interface Foundations {
  readonly tally: Tally
  readonly chronicle: MemoryChronicle
  readonly boot: string
  readonly probe: SandboxProbe
  readonly endings: Endings
  readonly substitutes: Substitutes
}

interface Opened {
  readonly house: House | { readonly why: string }
  readonly isDiskRefusing: () => boolean
  readonly registrar: () => string | undefined
  readonly join: () => void
  readonly looks?: Looks | undefined
}

/** Store, actors and deletion queue, or why there are none; and the way to other nodes. */
async function openHouse(
  begun: AsyncDisposableStack,
  config: DaemonConfig,
  log: Log,
  { boot, probe, chronicle, tally, endings, substitutes }: Foundations
): Promise<Opened> {
  const source = poolSource(config, log)
  const facts = await podFacts(begun, config, log)
  const link = linkParts(begun, config, log)
  const { mesh } = config
  const cluster = mesh && {
    ...{ mesh, ...(await import('./recovery.ts')), ...(await import('./cluster.ts')) }
  }
  const opened =
    cluster === undefined
      ? openStoreAlone(config.stateDir, boot, log)
      : await cluster.openOrRecover({ config, mesh: cluster.mesh, source, probe, clock, boot, log })
  const told = config.factsDirs.length > 0 ? facts : undefined
  const coordination = { config, facts: told, prober: link.prober, chronicle, boot, log }
  if ('why' in opened) {
    const collect = () => Promise.resolve(opened.why)
    await openCoordination(begun, { ...coordination, collect })
    const isDiskRefusing = () => false
    const [registrar, join] = [() => undefined, () => {}]
    return { house: opened, isDiskRefusing, registrar, join }
  }
  const store = watchStore(substitutes.store?.(opened) ?? opened, { clock, chronicle })
  begun.defer(() => store.close())
  const { nodeName: node } = config
  const { registrar, join, looks, ...others } =
    cluster === undefined
      ? standAlone(store)
      : cluster.openCluster(begun, { ...cluster.mesh, node, tally }, store, log)
  const { onGivenUp, onEnded } = endings
  const house = await guard({
    ...others,
    ...{ store, source, probe, clock, log, chronicle, boot, onGivenUp },
    random: systemRandom,
    session: systemRandom.hex(sessionBytes),
    machine: readMachineId(config.machineIdFile),
    ...{ facts, link },
    fixed: fixedOf(config),
    node,
    rules: allRules,
    ...(substitutes.wire && { wire: substitutes.wire }),
    onEnded: why => {
      log.error({ why }, 'this incarnation of the node has ended; another one takes its place')
      const [incarnation, key] = [systemRandom.hex(16), systemRandom.hex(32)]
      store.commit([
        { type: 'Reincarnate', incarnation, key },
        { type: 'ConfirmBoot', boot }
      ])
      onEnded()
    },
    cooldown: {
      normalMs: config.cooldown.seconds * 1_000,
      scarceMs: config.cooldown.scarceSeconds * 1_000
    },
    reap: {
      everyMs: config.reconcile.everySeconds * 1_000,
      graceMs: config.reconcile.graceSeconds * 1_000
    }
  })
  begun.defer(() => house.stop())
  const { allocator } = house
  const collect: CollectAddresses = async (collection, timeoutMs) => {
    await ask(allocator, { type: 'Collect', ...collection }, { clock, timeoutMs })
    return undefined
  }
  const coordinator = await openCoordination(begun, { ...coordination, collect })
  const { queueDir: directory } = config
  const queue = new DeletionQueue({ directory, allocator, coordinator, boot, clock, log })
  begun.defer(() => queue.stop())
  // What was deleted while no daemon ran is free before anybody can ask for an address.
  await queue.drain()
  queue.watch()
  const isDiskRefusing = () => store.isRefusing
  return { house, isDiskRefusing, registrar, join, looks }
}

/** The configured directories, else the usual one when it is there, else the embedded sample. */
function poolSource({ poolDirs }: DaemonConfig, log: Log): PoolSource {
  if (poolDirs !== undefined) return createPoolFiles({ directories: poolDirs, log })
  if (existsSync(defaultPoolDir)) return createPoolFiles({ directories: [defaultPoolDir], log })
  log.warn(
    { directory: defaultPoolDir },
    'no pool directory: the embedded sample pool is used until the daemon is started again'
  )
  return createSamplePool()
}

/** What files tell of pods; without directories nothing is loaded for it. */
function linkParts(
  begun: AsyncDisposableStack,
  { detection: { conflict, gateway, budgetSeconds } }: DaemonConfig,
  log: Log
): LinkParts {
  const prober = createLateProber(log)
  begun.defer(() => prober.close())
  return { prober, policy: { conflict, gateway, budgetMs: budgetSeconds * 1_000 } }
}

async function podFacts(
  begun: AsyncDisposableStack,
  { factsDirs: directories, nodeName, multus }: DaemonConfig,
  log: Log
): Promise<PodFacts> {
  if (directories.length === 0) return noFacts(nodeName, multus)
  const { openFactFiles } = await import('./config/fact-files.ts')
  const facts = await openFactFiles({ directories, own: factsOfNode(nodeName, multus), log })
  begun.defer(() => facts.close())
  return facts
}

function fixedOf({ fixedAddresses, subnets }: DaemonConfig): GuardianOptions['fixed'] {
  const { keepSeconds, ...kinds } = fixedAddresses
  return {
    ...kinds,
    spare: subnets.spareAddresses,
    keepMs: keepSeconds === undefined ? undefined : keepSeconds * 1_000
  }
}
