// CNI_ARGS: `K=V;K2=V2`, in any order. Kubernetes' runtimes say there whose sandbox it is.

import type { Pod } from '../core/attachment.ts'
import { CniError, cniCodes } from './cni-error.ts'

export interface CniArgs {
  readonly pod: Pod
  /** The addresses of `IP=`, a list with commas; absent when there is none. */
  readonly ips: readonly string[] | undefined
}

/** The keys we know; others fail unless IgnoreUnknown says otherwise. */
const known = new Set([
  'IgnoreUnknown',
  'IP',
  'K8S_POD_NAMESPACE',
  'K8S_POD_NAME',
  'K8S_POD_UID',
  'K8S_POD_INFRA_CONTAINER_ID'
])

/** What the conventions' own boolean accepts as true. */
const isTrue = /^(1|true)$/i

/** Longer than any runtime's; it also bounds what is kept beside an attachment. */
const argsBytesMax = 16 * 1024

/** Throws CniError 4 that names CNI_ARGS and the pair that is wrong. */
export function parseCniArgs(text: string): CniArgs {
  if (Buffer.byteLength(text) > argsBytesMax) throw bad(`is longer than ${argsBytesMax} bytes`)
  if (text.includes('\uFFFD')) throw bad('is not valid UTF-8')
  const values = new Map<string, string>()
  for (const pair of text === '' ? [] : text.split(';')) {
    const [key = '', value, ...rest] = pair.split('=')
    if (key === '' || value === undefined || rest.length > 0) {
      throw bad(`has "${pair.slice(0, 64)}", which is no KEY=VALUE`)
    }
    if (values.has(key) && known.has(key)) throw bad(`has ${key} twice`)
    values.set(key, value)
  }
  const unknown = [...values.keys()].filter(key => !known.has(key))
  if (unknown.length > 0 && !isTrue.test(values.get('IgnoreUnknown') ?? '')) {
    throw bad(`has the unknown key ${unknown[0]?.slice(0, 64)}; IgnoreUnknown=1 would let it pass`)
  }
  const ips = values.get('IP')
  return { pod: podOf(values), ips: ips === undefined || ips === '' ? undefined : ips.split(',') }
}

function podOf(values: ReadonlyMap<string, string>): Pod {
  const namespace = values.get('K8S_POD_NAMESPACE')
  const name = values.get('K8S_POD_NAME')
  const uid = values.get('K8S_POD_UID')
  return {
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(uid !== undefined && { uid })
  }
}

function bad(what: string): CniError {
  return new CniError(cniCodes.badEnvironment, `environment: CNI_ARGS ${what}`)
}
