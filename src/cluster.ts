// The part of the composition root that concerns other nodes: the mesh, and the registry over it. Loaded only
// when there is a mesh section.

import { Looks } from './admin/looks.ts'
import type { HouseParts } from './actors/house.ts'
import type { MeshConfig } from './config/daemon-config.ts'
import { readPrivate } from './host/private-file.ts'
import { systemClock as clock } from './host/system-clock.ts'
import { systemRandom as random } from './host/system-random.ts'
import { clusterKeyBytesMax, parseClusterKey } from './mesh/cluster-key.ts'
import { LateMesh } from './mesh/late-mesh.ts'
import { peerIdOf } from './mesh/peer-id.ts'
import type { AttachmentStore } from './ports/attachment-store.ts'
import type { Log } from './ports/log.ts'
import { Founding } from './registry/founding.ts'
import { Registrar } from './registry/registrar.ts'
import { RegistryService } from './registry/registry-service.ts'
import { meterMesh } from './telemetry/metered-mesh.ts'
import type { Tally } from './telemetry/tally.ts'
import { RemoteRegistry } from './registry/remote-registry.ts'

/** What a house needs to be one of several. */
export type ClusterParts = Pick<
  HouseParts,
  'mesh' | 'registry' | 'onAsked' | 'onView' | 'founds' | 'confirm'
> & {
  /** What people ask at one node of another; absent where there are no others. */
  readonly looks: Looks | undefined
  /** The peer id of who keeps the registry, as far as it is known here. */
  registrar(): string | undefined
  /** Go to the others. Comes last: loading libp2p takes longer than all the rest, and pods are waiting. */
  join(): void
}

/** How long whoever else is there may need to connect: they try every second or two. */
const arrivalMs = 2_000
/** How long a registrar with a log waits for its mesh: on its own it serves without one, but founds nothing. */
const openingMs = 10_000

/** Build it, and put its end on `begun`. Throws ConfigInvalidError when the key cannot be used. */
export function openCluster(
  begun: AsyncDisposableStack,
  config: MeshConfig & { readonly node: string; readonly tally: Tally },
  store: AttachmentStore,
  log: Log
): ClusterParts {
  const { identity, learned } = store.loadLeases()
  const peer = peerIdOf(identity.key)
  const { node, tally, keyFile, registrar: founds, confirm, listen, announce, peers, mdns } = config
  const clusterKey = parseClusterKey(readPrivate(keyFile, clusterKeyBytesMax), keyFile)
  const create = async () => {
    const { createMesh } = await import('./mesh/create-mesh.ts')
    const { key } = identity
    return createMesh({ key, clusterKey, listen, announce, peers, mdns, clock, random, log })
  }
  const mesh = new LateMesh({ peer, clock, log, create })
  begun.defer(() => mesh.stop())
  const metered = meterMesh(mesh, tally.mesh)
  const registrar = founds ? new Registrar(store) : undefined
  const pause = (ms: number) => new Promise<void>(resolve => clock.after(ms, resolve))
  const settled = async () => {
    const hasLog = registrar !== undefined && registrar.view.index > 0
    await (hasLog ? Promise.race([mesh.opened(), pause(openingMs)]) : mesh.opened())
    await pause(arrivalMs)
  }
  const remote = new RemoteRegistry({
    ask: (to, question) => metered.ask(to, question, 'registry'),
    candidates: () => mesh.connected(),
    learn: (to, addresses) => mesh.learn([{ incarnation: '', peer: to, addresses }])
  })
  const looks = new Looks({ ask: (to, question) => mesh.ask(to, question, 'look'), clock })
  let head = learned.length
  const service = new RegistryService({
    ...{ registrar, clock, node },
    head: () => head,
    believed: () => {
      const known = remote.registrar
      return known === undefined
        ? undefined
        : { registrar: known, addresses: mesh.addressesOf(known) }
    }
  })
  return {
    ...{ mesh: metered, founds, confirm },
    registry: registrar === undefined ? remote : new Founding({ registrar, remote, log, settled }),
    onView: ({ index }) => (head = index),
    looks,
    onAsked: (from, question, subject) =>
      subject === 'look' ? looks.answer(from, question) : service.answer(from, question),
    registrar: () => (registrar?.isOpen === true ? peer : remote.registrar),
    join: () => void mesh.start()
  }
}
