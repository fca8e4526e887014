// A client of a container runtime, as the kubelet is one: gRPC over the runtime's Unix socket.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import {
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  type ServiceError,
  credentials,
  loadPackageDefinition
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { cgroup } from './own-host.ts'

const callTimeoutMs = 60_000

export interface RunOptions {
  readonly annotations?: Readonly<Record<string, string>>
  /** After this the kubelet gives up and the runtime kills the plugin. */
  readonly timeoutMs?: number
}

/** The kubelet's names for a pod. */
export interface PodName {
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export interface SandboxStatus {
  readonly id: string
  readonly pod: PodName
  readonly ready: boolean
  /** The primary one first. */
  readonly addresses: readonly string[]
  /** CNI_NETNS; undefined when the runtime no longer knows. */
  readonly netnsPath: string | undefined
}

interface Metadata {
  readonly name: string
  readonly uid: string
  readonly namespace: string
}

interface StatusAnswer {
  readonly status: {
    readonly id: string
    readonly metadata: Metadata
    readonly state: string
    readonly network: {
      readonly ip: string
      readonly additional_ips: { readonly ip: string }[]
    } | null
  }
  readonly info: { readonly info?: string }
}

interface SandboxInfo {
  readonly runtimeSpec?: {
    readonly linux?: { readonly namespaces?: readonly { type: string; path?: string }[] }
  }
}

type Method = (request: object, options: { deadline: number }, done: Done) => void
type Done = (error: ServiceError | null, answer: unknown) => void

export class Cri implements Disposable {
  readonly #client: Client & Record<string, Method>
  readonly #logDirectory: string

  constructor(socket: string, logDirectory: string) {
    const loaded = loadPackageDefinition(
      loadSync(join(import.meta.dirname, 'cri.proto'), {
        keepCase: true,
        enums: String,
        defaults: true
      })
    )
    const { v1 } = loaded['runtime'] as unknown as {
      v1: {
        RuntimeService: new (
          address: string,
          secret: ChannelCredentials,
          options: ChannelOptions
        ) => Client & Record<string, Method>
      }
    }
    this.#client = new v1.RuntimeService(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 100
    })
    this.#logDirectory = logDirectory
  }

  async version(): Promise<string> {
    const answer = await this.call('Version', {})
    const { runtime_name, runtime_version } = answer as Record<string, string>
    return `${runtime_name} ${runtime_version}`
  }

  /** True when the runtime has read a network configuration. */
  async isNetworkReady(): Promise<boolean> {
    const { status } = (await this.call('Status', {})) as {
      status: { conditions: { type: string; status: boolean }[] }
    }
    return status.conditions.some(({ type, status }) => type === 'NetworkReady' && status)
  }

  /** The id of the new sandbox. */
  async run(name: string, { annotations = {}, timeoutMs }: RunOptions = {}): Promise<string> {
    const config = {
      metadata: { name, uid: randomUUID(), namespace: 'default', attempt: 0 },
      hostname: name,
      log_directory: join(this.#logDirectory, name),
      annotations,
      linux: { cgroup_parent: `/${cgroup}` }
    }
    const answer = await this.call('RunPodSandbox', { config }, timeoutMs)
    return (answer as { pod_sandbox_id: string }).pod_sandbox_id
  }

  async stop(id: string): Promise<void> {
    await this.call('StopPodSandbox', { pod_sandbox_id: id })
  }

  /** Stop it first. */
  async remove(id: string): Promise<void> {
    await this.call('StopPodSandbox', { pod_sandbox_id: id })
    await this.call('RemovePodSandbox', { pod_sandbox_id: id })
  }

  async status(id: string): Promise<SandboxStatus> {
    const { status, info } = (await this.call('PodSandboxStatus', {
      pod_sandbox_id: id,
      verbose: true
    })) as StatusAnswer
    const { name, namespace, uid } = status.metadata
    const { ip = '', additional_ips = [] } = status.network ?? {}
    const { runtimeSpec } = JSON.parse(info.info ?? '{}') as SandboxInfo
    return {
      id: status.id,
      pod: { name, namespace, uid },
      ready: status.state === 'SANDBOX_READY',
      addresses: [ip, ...additional_ips.map(({ ip }) => ip)].filter(ip => ip !== ''),
      netnsPath: runtimeSpec?.linux?.namespaces?.find(({ type }) => type === 'network')?.path
    }
  }

  /** The ids of all sandboxes, whatever their state. */
  async list(): Promise<readonly string[]> {
    const { items } = (await this.call('ListPodSandbox', {})) as { items: { id: string }[] }
    return items.map(({ id }) => id)
  }

  /** Any method of the interface. */
  call(method: string, request: object, timeoutMs = callTimeoutMs): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + timeoutMs
      this.#client[method]!(request, { deadline }, (error, answer) => {
        if (error === null) resolve(answer)
        else reject(new Error(`${method}: ${error.details || error.message}`, { cause: error }))
      })
    })
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}
