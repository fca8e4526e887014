// The part of the composition root where people ask: HTTP at the admin socket, and over TCP where that is configured.

import type { IncomingMessage } from 'node:http'
import type { AdminService } from './admin/admin-service.ts'
import type { DaemonConfig } from './config/daemon-config.ts'
import { ConfigInvalidError } from './core/errors.ts'
import { readPrivate } from './host/private-file.ts'
import { listenTcp } from './host/tcp-socket.ts'
import { listenAt } from './host/unix-socket.ts'
import type { Log } from './ports/log.ts'
import type { Tally } from './telemetry/tally.ts'

const tokenFileBytesMax = 4_096

/** Open it; the returned function closes it. Rejects with ConfigInvalidError. */
export async function openOffice(
  { adminSocket, http, nodeName, queueDir }: DaemonConfig,
  shown: Omit<AdminService, 'metrics'>,
  { log, tally }: { readonly log: Log; readonly tally: Tally }
): Promise<() => Promise<void>> {
  // Loading HTTP takes longer than everything else, so it is done when pods are served already.
  const { serveAdmin } = await import('./admin/admin-server.ts')
  const { socketGate, tcpGate } = await import('./admin/gate.ts')
  const { parseToken } = await import('./admin/token.ts')
  const listen: Parameters<typeof serveAdmin>[0]['listen'] = server => listenAt(server, adminSocket)
  const { Metrics } = await import('./telemetry/metrics.ts')
  await using begun = new AsyncDisposableStack()
  const { house, release, clock } = shown
  const metrics = new Metrics({ tally, house, release, queueDir, clock })
  begun.defer(() => metrics.stop())
  const service = { ...shown, metrics }
  const local = await serveAdmin({ listen, gate: socketGate(peerText) }, service, log)
  begun.defer(() => local.stop())
  if (http !== undefined) {
    const { listen: endpoint, hosts, tokenFile } = http
    const token =
      tokenFile === undefined ? undefined : parseToken(readPrivate(tokenFile, tokenFileBytesMax))
    if (token !== undefined && 'problem' in token) {
      throw new ConfigInvalidError(tokenFile ?? '', [token.problem])
    }
    const gate = tcpGate({ clock, hosts: [nodeName, ...hosts], token })
    const place = {
      gate,
      listen: (server: Parameters<typeof listenTcp>[0]) =>
        begun.defer(listenTcp(server, endpoint, service.clock, log))
    }
    const remote = await serveAdmin(place, service, log)
    begun.defer(() => remote.stop())
  }
  const { answerLook } = await import('./admin/look-answer.ts')
  service.elsewhere?.serve((peer, look) => answerLook(service, peer, look))
  const opened = begun.move()
  return () => opened.disposeAsync()
}

/** `uid 0, login 1000, orb, process 4242`. */
async function peerText({ socket }: IncomingMessage): Promise<string> {
  // Node has the descriptor and no name for it.
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: number } | null }
  if (handle?.fd === undefined || handle.fd < 0) return 'somebody who left'
  const { peerCredentials } = await import('./kernel/peer-credentials.ts')
  const { pid, uid, loginUid, program } = peerCredentials(handle.fd)
  const login = loginUid === undefined ? [] : [`login ${loginUid}`]
  return [
    `uid ${uid}`,
    ...login,
    ...(program === undefined ? [] : [program]),
    `process ${pid}`
  ].join(', ')
}
