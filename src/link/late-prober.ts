// A prober whose thread and native code are loaded with the first question: most nodes never ask one.

import type { Log } from '../ports/log.ts'
import type { LinkProber } from '../ports/link-prober.ts'

export function createLateProber(log: Log): LinkProber {
  let loaded: Promise<LinkProber> | undefined
  const load = async () => (await import('./link-prober.ts')).createLinkProber({ log })
  const get = () => (loaded ??= load())
  return {
    probe: async question => (await get()).probe(question),
    announce: async order => (await get()).announce(order),
    close: async () => {
      await (await loaded)?.close()
    }
  }
}
