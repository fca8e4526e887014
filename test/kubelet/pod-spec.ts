// The parts of a DaemonSet that the kubelet of these tests understands. The manifests are held against Kubernetes' own
// definitions elsewhere, so here they are believed.

import type { KubeObject } from './kustomize.ts'

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number }
  readonly exec?: { readonly command: readonly string[] }
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly failureThreshold?: number
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly fieldRef: { readonly fieldPath: string } }
  }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
  readonly resources: {
    readonly requests?: { readonly cpu?: string; readonly memory?: string }
    readonly limits?: { readonly cpu?: string; readonly memory?: string }
  }
  readonly securityContext: {
    readonly runAsUser: number
    readonly readOnlyRootFilesystem: boolean
    readonly allowPrivilegeEscalation: boolean
    readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] }
    readonly seccompProfile: { readonly type: string }
    readonly appArmorProfile: { readonly type: string }
  }
  readonly volumeMounts: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
    readonly mountPropagation?: 'HostToContainer' | 'Bidirectional' | 'None'
  }[]
}

export interface Volume {
  readonly name: string
  readonly hostPath?: { readonly path: string; readonly type?: string }
  readonly configMap?: { readonly name: string }
  readonly secret?: { readonly secretName: string; readonly defaultMode?: number }
}

export interface PodSpec {
  readonly hostNetwork: boolean
  readonly hostPID: boolean
  readonly terminationGracePeriodSeconds: number
  readonly containers: readonly [Container]
  readonly volumes: readonly Volume[]
}

export interface DaemonSetSpec {
  readonly updateStrategy: {
    readonly type: 'RollingUpdate'
    readonly rollingUpdate: { readonly maxUnavailable: number; readonly maxSurge: number }
  }
  readonly minReadySeconds: number
  readonly template: { readonly metadata: object; readonly spec: PodSpec }
}

export function daemonSetIn(objects: readonly KubeObject[]): KubeObject & {
  readonly spec: DaemonSetSpec
} {
  const set = objects.find(({ kind }) => kind === 'DaemonSet')
  if (set === undefined) throw new Error('there is no DaemonSet')
  return set as KubeObject & { readonly spec: DaemonSetSpec }
}

/** Bytes of a quantity like 128Mi. */
export function bytesOf(quantity: string): number {
  const [, digits = '', unit = ''] = /^(\d+)(|Ki|Mi|Gi)$/.exec(quantity) ?? []
  if (digits === '') throw new Error(`${quantity} is no amount of memory`)
  return Number(digits) * 1024 ** ['', 'Ki', 'Mi', 'Gi'].indexOf(unit)
}

/** Thousandths of a processor. */
export function millisOf(quantity: string): number {
  return quantity.endsWith('m') ? Number(quantity.slice(0, -1)) : Number(quantity) * 1_000
}
