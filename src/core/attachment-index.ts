// All attachments of a node by key and by container: the interfaces of one sandbox belong together.

import { type Attachment, type AttachmentKey, keyText } from './attachment.ts'

/**
 * The network of an attachment that was decided together with another interface of its sandbox and whose own
 * ADD has not come yet. No network has this name (CNI names begin with a letter or digit).
 */
export const networkToCome = '*'

export function isToCome({ network }: AttachmentKey): boolean {
  return network === networkToCome
}

export class AttachmentIndex {
  readonly #byKey = new Map<string, Attachment>()
  readonly #byContainer = new Map<string, Set<string>>()

  get size(): number {
    return this.#byKey.size
  }

  get(key: string): Attachment | undefined {
    return this.#byKey.get(key)
  }

  values(): Iterable<Attachment> {
    return this.#byKey.values()
  }

  set(attachment: Attachment): void {
    const { containerId } = attachment.key
    const key = keyText(attachment.key)
    this.#byKey.set(key, attachment)
    const keys = this.#byContainer.get(containerId)
    if (keys === undefined) this.#byContainer.set(containerId, new Set([key]))
    else keys.add(key)
  }

  delete({ containerId, ...rest }: AttachmentKey): void {
    const key = keyText({ containerId, ...rest })
    this.#byKey.delete(key)
    const keys = this.#byContainer.get(containerId)
    keys?.delete(key)
    if (keys?.size === 0) this.#byContainer.delete(containerId)
  }

  /** The attachments of one sandbox. */
  of(containerId: string): readonly Attachment[] {
    const keys = this.#byContainer.get(containerId) ?? []
    return [...keys].flatMap(key => this.#byKey.get(key) ?? [])
  }

  /** What was decided for this interface with an earlier one: under its name, or as the next without one. */
  toCome({ containerId, ifname }: AttachmentKey): Attachment | undefined {
    const waiting = this.of(containerId).filter(({ key }) => isToCome(key))
    const unnamed = waiting
      .filter(({ key }) => key.ifname.startsWith('#'))
      .sort((a, b) => Number(a.key.ifname.slice(1)) - Number(b.key.ifname.slice(1)))
    return waiting.find(({ key }) => key.ifname === ifname) ?? unnamed[0]
  }
}
