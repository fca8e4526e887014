// The part of the composition root that concerns the chained plugins: the thread that serves them, begun with the first of
// them, or at once where an earlier daemon has done something for pods on this boot.

import { extname } from 'node:path'
import type { CollectAddresses } from './cni/service.ts'
import type { DaemonConfig } from './config/daemon-config.ts'
import type { CoordinationStart, OfDaemon, OfThread } from './coordination-words.ts'
import { chainedSocket } from './core/chained-socket.ts'
import { openRelay } from './host/relay.ts'
import { listenAt } from './host/unix-socket.ts'
import { KeptThread } from './kept-thread.ts'
import type { Chronicle } from './ports/chronicle.ts'
import type { Coordinator } from './ports/coordinator.ts'
import type { LinkProber } from './ports/link-prober.ts'
import type { Log } from './ports/log.ts'
import type { PodFacts } from './ports/pod-facts.ts'
import { hasJournal } from './store/open-journal.ts'

/** What a dozen ADDs leave behind. */
const youngMegabytes = 4

export interface CoordinationParts {
  readonly config: DaemonConfig
  /** Absent: nobody but the runtime tells of pods. */
  readonly facts: PodFacts | undefined
  readonly collect: CollectAddresses
  readonly prober: LinkProber
  readonly chronicle: Chronicle
  readonly boot: string
  readonly log: Log
}

/** Open the door, and put its end on `begun`. */
export async function openCoordination(
  begun: AsyncDisposableStack,
  { config, facts, collect, prober, chronicle, boot, log }: CoordinationParts
): Promise<Pick<Coordinator, 'undo'>> {
  const thread = new KeptThread<OfThread, OfDaemon>({
    name: 'the thread of the chained plugins',
    // The tests run what the compiler leaves as it is, and so nobody rewrites this name.
    program: new URL(`./coordination-thread${extname(import.meta.filename)}`, import.meta.url),
    start: (sockets): CoordinationStart => ({
      config,
      boot,
      hasFacts: facts !== undefined,
      sockets
    }),
    handlers: {
      annotationsOf: pod => facts?.of(pod).pod?.annotations,
      collect: ({ timeoutMs, ...what }) => collect(what, timeoutMs),
      announce: order => prober.announce(order),
      note: events => {
        for (const event of events) chronicle.note(event)
        return undefined
      }
    },
    log,
    youngMegabytes
  })
  begun.defer(() => thread.close())
  const begin = async () => void (await thread.line())
  const relay = await openRelay(chainedSocket(config.socket), listenAt, begin, log)
  begun.defer(() => relay.close())
  if (hasJournal(config.stateDir, boot)) void begin().catch(() => {})
  return {
    undo: async (key, began) => {
      // Nothing of it has outlived that.
      if (began.boot !== boot) return true
      try {
        return await (await thread.lineNow()).ask('undo', { key, began })
      } catch (error) {
        log.warn({ error }, 'what was done for a pod could not be taken back yet')
        return false
      }
    }
  }
}
