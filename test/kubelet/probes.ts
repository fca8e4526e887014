// A kubelet's questions to a container: has it started, is it alive, is it ready.

import { request } from 'node:http'
import type { Container, Probe } from './pod-spec.ts'

export interface Asked {
  readonly container: Container
  readonly hostIp: string
  /** Its exit status. */
  readonly exec: (command: readonly string[], timeoutSeconds: number) => Promise<number>
}

/** Whether one attempt succeeds. Never rejects. */
export async function probe(asked: Asked, what: Probe): Promise<boolean> {
  const { httpGet, exec, timeoutSeconds = 1 } = what
  try {
    if (exec !== undefined) return (await asked.exec(exec.command, timeoutSeconds)) === 0
    if (httpGet === undefined) throw new Error('a probe of another kind')
    const port = portOf(asked.container, httpGet.port)
    const status = await statusOf(asked.hostIp, port, httpGet.path, timeoutSeconds * 1_000)
    return status >= 200 && status < 400
  } catch {
    return false
  }
}

function portOf({ ports = [] }: Container, port: string | number): number {
  if (typeof port === 'number') return port
  const named = ports.find(({ name }) => name === port)
  if (named === undefined) throw new Error(`no port is called ${port}`)
  return named.containerPort
}

function statusOf(host: string, port: number, path: string, timeout: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeout)
    const headers = { 'user-agent': 'kube-probe/1.34', connection: 'close' }
    const asked = request({ host, port, path, signal, headers, agent: false }, answer => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })
}
