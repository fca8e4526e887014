// What a daemon puts on its node by itself, as the one in a DaemonSet does: the plugin before it serves, the network
// configuration when it does. What is there when it ends stays: without it no pod could even be deleted.

import { messageOf } from './core/error-text.ts'
import {
  hasPlugin,
  installNetwork,
  installPrograms,
  type Places,
  readNetwork
} from './host/install-plugin.ts'
import type { Log } from './ports/log.ts'

export interface Installation {
  /** Throws ConfigInvalidError when there is no plugin afterwards, or no network configuration to come. */
  programs(log: Log): void
  /** Never throws: a daemon that serves is worth more than a file. */
  network(log: Log): void
}

export function installationAt(places: Places): Installation {
  return {
    programs: log => {
      if (places.conflist !== undefined) readNetwork(places.conflist)
      try {
        tell(log, installPrograms(places))
      } catch (error) {
        // An older one will do: plugin and daemon of different releases understand each other.
        if (!hasPlugin(places)) throw error
        log.error(
          { error: messageOf(error) },
          'the plugin that is there stays: it cannot be replaced'
        )
      }
    },
    network: log => {
      try {
        tell(log, installNetwork(places))
      } catch (error) {
        const told = { error: messageOf(error) }
        log.error(
          told,
          'the network configuration is not installed; runtimes go on with what is there'
        )
      }
    }
  }
}

function tell(log: Log, done: string): void {
  for (const line of done.split('\n')) if (line !== '') log.info({}, line)
}
