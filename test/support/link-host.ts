// A host that has links and nothing else, as a Kernel: what it is ordered it does as Linux does.

import type { Kernel } from '../../src/kernel/kernel.ts'
import type { Operation } from '../../src/kernel/operation.ts'
import type { Link, LinkAddress, NamespaceView } from '../../src/kernel/view.ts'

export class LinkHost {
  readonly links = new Map<string, Link>()
  readonly addresses: LinkAddress[] = []
  /** What was ordered, one after the other. */
  readonly ordered: Operation[] = []
  /** An operation that is refused, and with what. */
  refuses: (operation: Operation) => string | undefined = () => undefined
  /** Called before each look. */
  onLook = () => {}
  #last = 0

  constructor(...names: readonly string[]) {
    for (const name of names) this.put(name)
  }

  put(name: string, more: Partial<Link> = {}): Link {
    const link: Link = {
      ...{ index: (this.#last += 1), name, mtu: 1500, txQueueLen: 1000, isUp: true },
      ...{ isRunning: true, isBroadcast: true, isMulticast: true, isLoopback: false },
      ...{ isNoArp: false, ...more }
    }
    this.links.set(name, link)
    return link
  }

  get view(): NamespaceView {
    return {
      ...{ routes: [], rules: [], neighbours: [], sysctls: new Map(), ways: [] },
      links: [...this.links.values()],
      addresses: this.addresses
    }
  }

  /** Every link in a line, but for what differs from one making to the next. */
  get text(): string {
    const lines = [...this.links.values()].map(({ name, kind, isUp, master, vlanId }) =>
      [name, kind, isUp ? 'up' : 'down', master, vlanId].join(' ')
    )
    return lines.sort().join('\n')
  }

  carryOut(operation: Operation): void {
    this.ordered.push(operation)
    const refused = this.refuses(operation)
    if (refused !== undefined) throw new Error(refused)
    const { type } = operation
    if (type === 'AddVlan') {
      const parent = { index: this.#of(operation.parent).index, isElsewhere: false }
      this.#add(operation.link.name, { kind: 'vlan', vlanId: operation.id, parent })
    } else if (type === 'AddBond') {
      this.#add(operation.link.name, { kind: 'bond', bondMode: operation.mode })
    } else if (type === 'DeleteLink') this.#delete(operation.name)
    else if (type === 'SetLink') this.#set(operation)
    else throw new Error(`EINVAL ${type}`)
  }

  kernel(): Kernel {
    return {
      observe: () => {
        this.onLook()
        return Promise.resolve({ type: 'Observed', host: this.view })
      },
      carryOut: ({ operations }) => {
        for (const [index, operation] of operations.entries()) {
          try {
            this.carryOut(operation)
          } catch (error) {
            const detail = (error as Error).message
            const code = detail.split(' ')[0] ?? ''
            return Promise.resolve({ type: 'Stopped', index, code, detail })
          }
        }
        return Promise.resolve({ type: 'Done' })
      },
      close: () => Promise.resolve()
    }
  }

  #add(name: string, more: Partial<Link>): void {
    if (this.links.has(name)) throw new Error(`EEXIST ${name}`)
    this.put(name, { isUp: false, ...more })
  }

  #delete(name: string): void {
    const gone = this.links.get(name)
    this.links.delete(name)
    for (const link of [...this.links.values()]) {
      if (link.master === name) this.#leave(link)
      if (gone !== undefined && link.parent?.index === gone.index) this.links.delete(link.name)
    }
  }

  #set({ name, change }: Operation & { type: 'SetLink' }): void {
    const link = this.#of(name)
    const { master, isUp } = change
    if (isUp !== undefined) this.links.set(name, { ...link, isUp })
    if (master === null) return this.#leave(link)
    if (master === undefined) return
    // "Device can not be enslaved while up."
    if (this.#of(name).isUp || link.master !== undefined) throw new Error(`EPERM ${name}`)
    this.links.set(name, { ...link, master: this.#of(master).name, isUp: true })
  }

  /** The driver sets down what leaves. */
  #leave({ master: _master, ...link }: Link): void {
    this.links.set(link.name, { ...link, isUp: false })
  }

  #of(name: string): Link {
    const link = this.links.get(name)
    if (link === undefined) throw new Error(`ENODEV ${name}`)
    return link
  }
}
