// The runtime and the pods of one node: sandboxes that ask for addresses, live with them, and end in all the
// orders in which runtimes and main plugins let them end.

import type { Address } from '../../src/core/address.ts'
import { type Attachment, type AttachmentKey, keyText } from '../../src/core/attachment.ts'
import type { Demand } from '../../src/core/demand.ts'
import type { Moment, Sandbox, SandboxSighting } from '../../src/core/sandbox.ts'
import type { Allocated, Refused } from '../../src/actors/messages/allocator.ts'
import type { Agenda } from './agenda.ts'
import type { SimNode } from './sim-node.ts'

/** How a pod ends: the order of its link and its DEL, and whether that comes at all. */
export type Ending = 'linkFirst' | 'releaseFirst' | 'silent' | 'late' | 'twice'

export interface Pod {
  readonly id: number
  readonly name: string
  readonly demand: Demand
  /** Somebody still wants it to run. */
  isWanted: boolean
  attempts: number
  box: Box | undefined
}

/** One sandbox of a pod; its next attempt is another one. */
export interface Box {
  readonly pod: Pod
  readonly key: AttachmentKey
  readonly sandbox: Sandbox
  /** `living`: its link is up, with its addresses. `over`: the link is gone, or never was. */
  phase: 'asking' | 'living' | 'over'
  addresses: readonly Address[]
  /** What the runtime remembers of it. */
  attachment: Attachment | undefined
  /** When its DEL began, if there was one, and whether that is known to be durable. */
  deleted: Moment | undefined
  isDeletedDurably: boolean
}

export interface PodObserver {
  onAsked(node: SimNode, box: Box): void
  onAnswered(node: SimNode, box: Box, answer: Allocated | Refused, isAgain: boolean): void
  /** The plugin gave up although its daemon lives. */
  onUnanswered(node: SimNode, box: Box): void
  onOver(node: SimNode, box: Box): void
  onReleasing(node: SimNode, box: Box, what: 'first' | 'again' | 'late'): void
}

const deadlineMs = 15_000
/** The plugin hears of the deadline from the daemon; beyond this it gives up by itself. */
const patienceMs = deadlineMs + 3_000
const spoolRetryMs = 1_500

export class Pods {
  readonly #node: SimNode
  readonly #agenda: Agenda
  readonly #observer: PodObserver
  readonly pods = new Map<number, Pod>()
  readonly #boxes = new Map<string, Box>()
  readonly #namespaces = new Map<string, string>()
  #clients = 0
  /** How many of the DELs after a failed ADD never come. */
  lostDels = 0

  constructor(node: SimNode, agenda: Agenda, observer: PodObserver) {
    this.#node = node
    this.#agenda = agenda
    this.#observer = observer
  }

  box(key: AttachmentKey): Box | undefined {
    return this.#boxes.get(keyText(key))
  }

  running(): Pod[] {
    return [...this.pods.values()].filter(({ box }) => box?.phase === 'living')
  }

  /** What is found of them when the node's own database is gone. */
  attachments(): Attachment[] {
    return this.running().flatMap(({ box }) => box?.attachment ?? [])
  }

  wanted(): Pod[] {
    return [...this.pods.values()].filter(({ isWanted }) => isWanted)
  }

  /** What is at the places that vouch for a sandbox. */
  sight({ path, witness }: Sandbox): SandboxSighting {
    const namespace = this.#namespaces.get(path)
    return { boot: this.#node.boot, namespace, witness: witness?.id, held: new Set() }
  }

  /** `name`: one that the pod shares with its earlier lives. */
  start(id: number, demand: Demand, name = `p${id}`): void {
    if (this.pods.has(id)) return
    const pod: Pod = { id, name, demand, isWanted: true, attempts: 0, box: undefined }
    this.pods.set(id, pod)
    this.#attempt(pod)
  }

  stop(id: number, ending: Ending): void {
    const pod = this.pods.get(id)
    if (pod?.isWanted !== true) return
    pod.isWanted = false
    const box = pod.box
    if (box?.phase !== 'living') return
    const { chance } = this.#node
    if (ending === 'releaseFirst') {
      this.#release(box, 'first')
      // Well below the least cool-down, as a main plugin takes.
      this.#agenda.after(chance.between(1, 2_000), () => this.#end(box))
      return
    }
    this.#end(box)
    if (ending === 'silent') return
    const delayMs = ending === 'late' ? chance.between(5_000, 60_000) : chance.between(1, 400)
    this.#agenda.after(delayMs, () => this.#release(box, ending === 'late' ? 'late' : 'first'))
    if (ending !== 'twice') return
    this.#agenda.after(delayMs + chance.between(1, 30_000), () => this.#release(box, 'again'))
  }

  /** The runtime repeats an ADD, or an old one shows up after its DEL. */
  again(id: number): void {
    const box = this.pods.get(id)?.box
    if (box === undefined || box.phase === 'asking') return
    const client = this.#ask(box, reply => {
      this.#observer.onAnswered(this.#node, box, reply, true)
      if (reply.type === 'Refused') return
      const type = box.phase === 'living' ? 'Deliver' : 'Abandon'
      this.#node.refs?.allocator.tell({ type, key: box.key, client })
    })
  }

  /** Its connections break; the plugins report failure and the runtime tries again. */
  onProcessGone(): void {
    for (const pod of this.pods.values()) if (pod.box?.phase === 'asking') this.#fail(pod, pod.box)
  }

  /** Nothing lives without power. */
  onMachineGone(): void {
    for (const pod of this.pods.values()) {
      if (pod.box === undefined || pod.box.phase === 'over') continue
      this.#end(pod.box)
      this.#retry(pod)
    }
    this.#namespaces.clear()
  }

  #attempt(pod: Pod): void {
    if (!pod.isWanted || (pod.box !== undefined && pod.box.phase !== 'over')) return
    if (this.#node.refs === undefined) return this.#retry(pod)
    pod.attempts += 1
    const containerId = `c${pod.id}-${pod.attempts}-${this.#node.name}`
    const path = `/run/netns/${containerId}`
    const namespace = `4:${path}`
    const box: Box = {
      pod,
      key: { network: 'net1', containerId, ifname: 'eth0' },
      sandbox: { path, began: this.#now(), namespace, witness: { path: '/run/netns', id: '1:1' } },
      phase: 'asking',
      addresses: [],
      attachment: undefined,
      deleted: undefined,
      isDeletedDurably: false
    }
    pod.box = box
    this.#boxes.set(keyText(box.key), box)
    this.#namespaces.set(path, namespace)
    this.#observer.onAsked(this.#node, box)
    const client = this.#ask(box, reply => this.#answered(box, client, reply))
    this.#agenda.after(patienceMs, () => {
      if (box.phase !== 'asking') return
      this.#observer.onUnanswered(this.#node, box)
      this.#node.refs?.allocator.tell({ type: 'Abandon', key: box.key, client })
      this.#fail(pod, box)
    })
  }

  #ask({ key, pod, sandbox }: Box, onReply: (reply: Allocated | Refused) => void): number {
    this.#clients += 1
    const client = this.#clients
    const { system, refs, clock } = this.#node
    refs?.allocator.tell({
      type: 'Allocate',
      key,
      pod: { name: pod.name, namespace: 'default' },
      sandbox,
      demand: pod.demand,
      client,
      deadline: clock.monotonicMs() + deadlineMs,
      replyTo: reply => {
        if (system?.isAlive === true) onReply(reply)
      }
    })
    return client
  }

  #answered(box: Box, client: number, reply: Allocated | Refused): void {
    if (box.phase !== 'asking') return
    this.#observer.onAnswered(this.#node, box, reply, false)
    if (reply.type === 'Refused') return this.#fail(box.pod, box)
    box.phase = 'living'
    box.attachment = reply.attachment
    box.addresses = reply.attachment.assignments.map(({ address }) => address)
    this.#node.refs?.allocator.tell({ type: 'Deliver', key: box.key, client })
    // It was stopped while it waited.
    if (box.pod.isWanted) return
    this.#end(box)
    this.#release(box, 'first')
  }

  #fail(pod: Pod, box: Box): void {
    this.#end(box)
    const { chance } = this.#node
    if (!chance.hits(this.lostDels)) {
      this.#agenda.after(chance.between(1, 500), () => this.#release(box, 'first'))
    }
    this.#retry(pod)
  }

  #retry(pod: Pod): void {
    const delayMs = this.#node.chance.between(500, 4_000)
    this.#agenda.after(delayMs, () => this.#attempt(pod))
  }

  #end(box: Box): void {
    if (box.phase === 'over') return
    box.phase = 'over'
    this.#namespaces.delete(box.sandbox.path)
    this.#observer.onOver(this.#node, box)
  }

  /** A DEL: by the daemon, or by way of the queue until it has been taken. */
  #release(box: Box, what: 'first' | 'again' | 'late'): void {
    const began = this.#now()
    box.deleted = began
    this.#observer.onReleasing(this.#node, box, what)
    let isDone = false
    const attempt = () => {
      // Nobody keeps what a machine had queued before its reboot: the reaper sees that the boot has changed.
      if (isDone || began.boot !== this.#node.boot) return
      const { refs, system } = this.#node
      refs?.allocator.tell({
        type: 'Release',
        key: box.key,
        began,
        replyTo: ({ durable }) => {
          if (system?.isAlive !== true || !durable) return
          isDone = true
          box.isDeletedDurably = true
        }
      })
      this.#agenda.after(spoolRetryMs, attempt)
    }
    attempt()
  }

  #now(): Moment {
    return { boot: this.#node.boot, ns: this.#node.clock.bootNs() }
  }
}
