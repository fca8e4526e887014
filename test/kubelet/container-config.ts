// What a kubelet asks the runtime for, from a pod's specification (pkg/kubelet/kuberuntime).

import { cgroup } from '../support/own-host.ts'
import { bytesOf, type Container, millisOf, type PodSpec } from './pod-spec.ts'

/** What of /proc and /sys no container sees, and what it may not change. */
const maskedPaths = [
  ...['/proc/asound', '/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/latency_stats'],
  ...['/proc/timer_list', '/proc/timer_stats', '/proc/sched_debug', '/proc/scsi', '/sys/firmware']
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

/** system-node-critical (pkg/kubelet/qos). */
const criticalScore = -997

const propagations = {
  None: 'PROPAGATION_PRIVATE',
  HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER',
  Bidirectional: 'PROPAGATION_BIDIRECTIONAL'
} as const

export interface PodPlace {
  readonly name: string
  readonly uid: string
  readonly namespace: string
  readonly nodeName: string
  readonly hostIp: string
  readonly podDir: string
}

export function sandboxConfig({ hostNetwork, hostPID }: PodSpec, place: PodPlace): object {
  const { name, uid, namespace, podDir } = place
  return {
    metadata: { name, uid, namespace, attempt: 0 },
    // On the host's network it has the host's name.
    hostname: hostNetwork ? '' : name,
    log_directory: `${podDir}/logs`,
    linux: {
      cgroup_parent: `/${cgroup}`,
      security_context: { namespace_options: namespaces(hostNetwork, hostPID) }
    }
  }
}

/** `volumes`: where each of them is on the host, by its name. */
export function containerConfig(
  spec: PodSpec,
  place: PodPlace,
  volumes: ReadonlyMap<string, string>,
  restarts: number
): object {
  const [container] = spec.containers
  const { name, image, command = [], args = [], env = [], securityContext, resources } = container
  const { capabilities, seccompProfile, appArmorProfile } = securityContext
  const { requests = {}, limits = {} } = resources
  return {
    metadata: { name, attempt: restarts },
    image: { image },
    ...{ command, args },
    envs: env.map(one => ({ key: one.name, value: valueOf(one, place) })),
    mounts: container.volumeMounts.map(mount => ({
      container_path: mount.mountPath,
      host_path: volumes.get(mount.name),
      readonly: mount.readOnly ?? false,
      propagation: propagations[mount.mountPropagation ?? 'None']
    })),
    log_path: `${restarts}.log`,
    linux: {
      resources: {
        cpu_shares: Math.max(2, Math.floor((millisOf(requests.cpu ?? '0') * 1024) / 1000)),
        memory_limit_in_bytes: limits.memory === undefined ? 0 : bytesOf(limits.memory),
        oom_score_adj: criticalScore
      },
      security_context: {
        capabilities: {
          add_capabilities: capabilities.add,
          drop_capabilities: capabilities.drop
        },
        namespace_options: namespaces(spec.hostNetwork, spec.hostPID),
        run_as_user: { value: securityContext.runAsUser },
        readonly_rootfs: securityContext.readOnlyRootFilesystem,
        no_new_privs: !securityContext.allowPrivilegeEscalation,
        masked_paths: maskedPaths,
        readonly_paths: readonlyPaths,
        seccomp: { profile_type: seccompProfile.type },
        apparmor: { profile_type: appArmorProfile.type }
      }
    }
  }
}

function namespaces(hostNetwork: boolean, hostPid: boolean): object {
  return { network: hostNetwork ? 'NODE' : 'POD', pid: hostPid ? 'NODE' : 'CONTAINER', ipc: 'POD' }
}

/** The downward API. */
function valueOf(entry: NonNullable<Container['env']>[number], place: PodPlace): string {
  if (entry.valueFrom === undefined) return entry.value ?? ''
  const { fieldPath } = entry.valueFrom.fieldRef
  const values: Readonly<Record<string, string>> = {
    'spec.nodeName': place.nodeName,
    'status.hostIP': place.hostIp,
    'metadata.name': place.name,
    'metadata.namespace': place.namespace
  }
  const value = values[fieldPath]
  if (value === undefined) throw new Error(`${fieldPath} is not known here`)
  return value
}
