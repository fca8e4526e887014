// Which pods of this node are over by what is told of them: one that has run to its end, and one that was told of
// and is not any more. Of a pod that was never told of, silence says nothing.

import { type Attachment, keyText } from '../core/attachment.ts'
import type { PodFacts } from '../ports/pod-facts.ts'

export class Hearsay {
  readonly #facts: PodFacts
  /** Those that were told of in an earlier round, or since. */
  #told: ReadonlySet<string> = new Set()

  constructor(facts: PodFacts) {
    this.#facts = facts
  }

  /** The texts of the keys of those that are over now. Call it with all attachments of this node. */
  over(attachments: readonly Attachment[]): ReadonlySet<string> {
    const told = new Set<string>()
    const over = new Set<string>()
    for (const { key, pod, sandbox } of attachments) {
      const text = keyText(key)
      const life = `${text} ${sandbox.began.boot} ${sandbox.began.ns}`
      const presence = this.#facts.presence(pod)
      const wasTold = this.#told.has(life)
      if (wasTold || presence === 'Told') told.add(life)
      if (presence === 'Ended' || (presence === 'Untold' && wasTold)) over.add(text)
    }
    this.#told = told
    return over
  }
}
