// Where something listens over TCP: `10.0.0.1:5711` or `[fd00::1]:5711`. Never a name, which may mean another place
// tomorrow.

import { isIP } from 'node:net'

export interface Endpoint {
  readonly host: string
  readonly port: number
}

const portMax = 65_535

export function parseEndpoint(text: string): Endpoint | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, six, four, digits = ''] = match
  const host = six ?? four ?? ''
  const port = Number(digits)
  if (isIP(host) !== (six === undefined ? 4 : 6) || port > portMax) return undefined
  return { host, port }
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
