// The store of a node of a cluster at its start, also when its database is lost, damaged, from the past or from
// another machine. There that is no disaster: others know what this node had, and its pods can be found.

import type { DaemonConfig, MeshConfig } from './config/daemon-config.ts'
import { StoreCorruptError } from './core/errors.ts'
import { emptyPoolSet, buildPoolSet } from './core/pool-set.ts'
import { problemText } from './core/pool-document.ts'
import type { Attachment } from './core/attachment.ts'
import { viewOf } from './actors/learned-view.ts'
import { readMachineId } from './host/machine-id.ts'
import { systemRandom as random } from './host/system-random.ts'
import type { Surroundings } from './living-pods.ts'
import { ownCluster } from './own-cluster.ts'
import type { AttachmentStore, Change } from './ports/attachment-store.ts'
import type { PoolSource } from './ports/pool-source.ts'
import { openStore } from './store/open-store.ts'
import { hasState, rebuildStore } from './store/rebuild-store.ts'

export interface RecoveryOptions extends Surroundings {
  readonly config: DaemonConfig
  readonly mesh: MeshConfig
  readonly source: PoolSource
}

/** A store, or why this node serves nothing: the runtime must hear it, so that is no reason to die. */
export async function openOrRecover(
  options: RecoveryOptions
): Promise<AttachmentStore | { readonly why: string }> {
  const { config, mesh, boot, log } = options
  const { stateDir } = config
  if (!hasState(stateDir)) return openFirst(options)
  try {
    return unlessAlone(await disown(openStore(stateDir, { boot }), options), options)
  } catch (error) {
    if (!(error instanceof StoreCorruptError)) throw error
    if (!mesh.registrar) return recover(error, options)
    log.error({ error }, 'this node serves no addresses')
    return { why: `${error.message}. ${registrarAdvice}` }
  }
}

function unlessAlone(
  store: AttachmentStore,
  { config: { stateDir }, mesh, log }: RecoveryOptions
): AttachmentStore | { readonly why: string } {
  const why = mesh.registrar ? undefined : ownCluster(store, stateDir)
  if (why === undefined) return store
  store.close()
  log.error({ why }, 'this node serves no addresses')
  return { why }
}

/** As many as a person reads. */
const doubtsMax = 5

const registrarAdvice =
  'This node keeps the registry of the cluster, and it is lost with the database: the others go on and share ' +
  'their addresses, but nobody joins or is removed meanwhile. Unless the file can be brought back, let another ' +
  'member keep it: set mesh.registrar on the one with the longest copy (orbweaverd registry), and here ' +
  'mesh.peers instead; then this node begins anew by itself'

/** The state directory may be new because somebody removed it while pods lived here. */
async function openFirst(options: RecoveryOptions): Promise<AttachmentStore> {
  const { config, boot, log } = options
  const found = await findPods(options)
  if (found.doubts.length > 0) {
    log.warn(
      { doubts: found.doubts },
      'whether pods live here from an earlier time is not fully known'
    )
  }
  if (found.pods.length === 0) return openStore(config.stateDir, { boot })
  log.error(
    { stateDir: config.stateDir, pods: found.pods.length },
    'the state directory is empty though pods live here: their addresses are noted as used'
  )
  return rebuildStore(config.stateDir, boot, changesOf(found.pods, options)).store
}

/** The database is lost. Who lives here must be known before anything is handed out. */
async function recover(
  error: StoreCorruptError,
  options: RecoveryOptions
): Promise<AttachmentStore | { readonly why: string }> {
  const { config, boot, log } = options
  log.error({ error }, 'the database is lost; this node looks for its living pods and begins anew')
  const found = await findPods(options)
  if (found.obstacle !== undefined) {
    const why =
      `${error.message}. This node would begin anew by itself, but cannot tell which pods live on it: ` +
      `${found.obstacle}. Mend that and start it again`
    log.error({ why }, 'this node serves no addresses')
    return { why }
  }
  const changes = changesOf(found.pods, options)
  const { store, aside } = rebuildStore(config.stateDir, boot, changes)
  if (readMachineId(config.machineIdFile) === '') {
    log.error(
      { machineIdFile: config.machineIdFile },
      'this machine has no id, so the cluster cannot tell that this node succeeds itself: remove its earlier ' +
        'incarnation (orbweaverd remove), or the addresses that it had stay out of use'
    )
  }
  log.warn(
    { pods: found.pods.length, doubts: found.doubts, aside },
    'a new database takes the place of the one that is lost; the addresses of living pods are noted as used'
  )
  return store
}

/** A state directory that was copied, or a disk that was moved: whom it speaks of is not this node. */
async function disown(store: AttachmentStore, options: RecoveryOptions): Promise<AttachmentStore> {
  const { config, boot, clock, log } = options
  const machine = readMachineId(config.machineIdFile)
  const state = store.load()
  const { identity, learned } = state.leases
  const owner = viewOf(learned).byIncarnation.get(identity.incarnation)
  if (owner === undefined || owner.machine === '' || machine === '') return store
  if (owner.machine === machine) return store
  const found = await findPods(options)
  log.error(
    { of: owner.node, on: owner.machine, here: machine, doubts: found.doubts },
    'the database is of another machine: this node begins as another incarnation. If that machine is gone for ' +
      'good, remove its incarnation (orbweaverd remove), so that the addresses it had come back'
  )
  const since = clock.monotonicMs()
  const addresses = [
    ...state.cooling.map(({ address }) => address),
    ...state.attachments.flatMap(({ assignments }) => assignments.map(({ address }) => address))
  ]
  store.commit([
    { type: 'Reincarnate', incarnation: random.hex(16), key: random.hex(32) },
    { type: 'ConfirmBoot', boot },
    ...state.attachments.map(({ key, assignments }): Change => {
      return {
        type: 'Detach',
        key,
        addresses: assignments.map(({ address }) => address),
        since,
        boot
      }
    }),
    { type: 'Forget', addresses, until: since, boot },
    ...changesOf(found.pods, options)
  ])
  return store
}

interface Found {
  readonly pods: readonly Attachment[]
  /** What may have been missed, a sentence each. */
  readonly doubts: readonly string[]
  /** Why pods may be missing among them. */
  readonly obstacle: string | undefined
}

/** Most starts look for nobody, and load nothing for it. */
async function findPods({ config, source, ...around }: RecoveryOptions): Promise<Found> {
  const { surveyNamespaces } = await import('./host/namespace-survey.ts')
  const { readResultCache } = await import('./host/result-cache.ts')
  const { livingPods } = await import('./living-pods.ts')
  const { documents, problems } = await source.read()
  const set = buildPoolSet(documents, emptyPoolSet, problems)
  const survey = await surveyNamespaces(around.probe, config.namespaceDirs)
  const cache = await readResultCache(config.resultCacheDir)
  const isUnreadable = 'unreadable' in cache
  const results = isUnreadable ? [] : cache.results
  const unread = isUnreadable ? [`the runtimes' results: ${cache.unreadable}`] : cache.problems
  const pods = livingPods({ survey, results, pools: set.pools }, around)
  const doubts = [...survey.unseen, ...unread].slice(0, doubtsMax)
  // Either of the two tells everything: what runtimes remember, and what is there.
  const isBlind = survey.unseen.length > 0 && unread.length > 0
  const pools = set.problems.map(problemText).slice(0, doubtsMax)
  const obstacle =
    pools.length > 0
      ? `which addresses are its pools' is not known (${pools.join('; ')})`
      : isBlind
        ? doubts.join('; ')
        : undefined
  return { pods, doubts, obstacle }
}

function changesOf(pods: readonly Attachment[], { boot, clock }: RecoveryOptions): Change[] {
  return [
    ...pods.map((attachment): Change => ({ type: 'Attach', attachment })),
    // Which pods were deleted lately is not known, so no ADD from before now may come to life.
    { type: 'Unbury', keys: [], horizon: { boot, ns: clock.bootNs() } }
  ]
}
