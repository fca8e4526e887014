// Which network attachment definition an interface of a pod comes from, by the annotations of Multus (Kubernetes
// Network Custom Resource Definition De-facto Standard 1.3, section 4.1: comma form and JSON form).

import { isObject } from '../fields.ts'
import { podKeys } from './annotation-keys.ts'
import type { Annotations } from './facts.ts'

export interface NetworkSettings {
  /** The network of first interfaces of pods that name none, as `namespace/name`. */
  readonly clusterNetwork?: string
  /** The namespace of names without one in `multusName` of pools. */
  readonly namespace: string
}

/** Where most clusters keep their networks. */
export const noNetworks: NetworkSettings = { namespace: 'kube-system' }

/** An entry of the networks annotation, in its order. */
export interface NetworkEntry {
  /** `namespace/name`. */
  readonly network: string
  readonly ifname: string
}

/** The extra interfaces that a pod will have, in the order of their ADDs; undefined when it cannot be read. */
export function extraNetworks(
  annotations: Annotations,
  podNamespace: string
): readonly NetworkEntry[] | undefined {
  const text = annotations[podKeys.networks]
  return text === undefined ? [] : entriesOf(text, podNamespace)
}

/**
 * The network of one interface as `namespace/name`. Undefined when nothing says it: then a pool with
 * `multusName` is not for this interface, and all others are as usual.
 */
export function networkOf(
  ifname: string,
  annotations: Annotations,
  podNamespace: string,
  settings: NetworkSettings
): string | undefined {
  const entry = extraNetworks(annotations, podNamespace)?.find(one => one.ifname === ifname)
  if (entry !== undefined) return entry.network
  if (ifname !== 'eth0') return undefined
  const text = annotations[podKeys.defaultNetwork]
  if (text === undefined) return settings.clusterNetwork
  return entriesOf(text, settings.namespace)?.[0]?.network
}

/** `name`, with the namespace of names that have none. */
export function qualified(name: string, namespace: string): string {
  return name.includes('/') ? name : `${namespace}/${name}`
}

function entriesOf(text: string, namespace: string): NetworkEntry[] | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return []
  return trimmed.startsWith('[')
    ? jsonEntries(trimmed, namespace)
    : commaEntries(trimmed, namespace)
}

function commaEntries(text: string, namespace: string): NetworkEntry[] {
  return text.split(',').map((part, i) => {
    const [name = '', ifname] = part.trim().split('@')
    return { network: qualified(name, namespace), ifname: ifname ?? `net${i + 1}` }
  })
}

function jsonEntries(text: string, namespace: string): NetworkEntry[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!Array.isArray(value)) return undefined
  const entries: NetworkEntry[] = []
  for (const [i, entry] of value.entries()) {
    if (!isObject(entry)) return undefined
    const { name, namespace: own, interface: ifname } = entry
    if (typeof name !== 'string') return undefined
    entries.push({
      network: `${typeof own === 'string' && own !== '' ? own : namespace}/${name}`,
      ifname: typeof ifname === 'string' && ifname !== '' ? ifname : `net${i + 1}`
    })
  }
  return entries
}
