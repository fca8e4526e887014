// What is told to everybody, over gossipsub: signed by its author, believed by nobody, lost without harm.

import { messageOf } from '../core/error-text.ts'
import type { Envelope } from '../core/protocol.ts'
import { rumourTopic } from './channels.ts'
import { decodeEnvelope, encodeEnvelope } from './codec.ts'
import type { Inbound, TakeMessage } from './inbound.ts'
import type { Surroundings } from './surroundings.ts'
import { rumourBytesMax } from './wire-limits.ts'

type Message = Parameters<Surroundings['node']['services']['pubsub']['topicValidators']['set']>[1]
type Verdict = Awaited<ReturnType<Message>>

// The values of gossipsub's TopicValidatorResult: to import the enum would load the package.
const accept = 'accept' as Verdict
/** Not passed on, but nobody's fault: a later release may have written it. */
const ignore = 'ignore' as Verdict

export class Rumours {
  readonly #around: Surroundings
  readonly #inbound: Inbound
  #topic = ''

  constructor(around: Surroundings, inbound: Inbound) {
    this.#around = around
    this.#inbound = inbound
  }

  listen(take: TakeMessage): void {
    this.#around.node.services.pubsub.addEventListener('message', ({ detail }) => {
      if (detail.topic !== this.#topic || detail.type !== 'signed') return
      const peer = detail.from.toString()
      if (this.#inbound.allowanceOf(peer).charge(detail.data.length) > 0) return
      const envelope = rumourOf(detail.data)
      if (envelope !== undefined) take(peer, envelope)
    })
  }

  join(cluster: string): void {
    const { pubsub } = this.#around.node.services
    const topic = rumourTopic(cluster)
    if (topic === this.#topic) return
    if (this.#topic !== '') {
      pubsub.unsubscribe(this.#topic)
      pubsub.topicValidators.delete(this.#topic)
    }
    this.#topic = topic
    pubsub.topicValidators.set(topic, (_peer, { data }) =>
      rumourOf(data) === undefined ? ignore : accept
    )
    pubsub.subscribe(topic)
  }

  publish(envelope: Envelope): void {
    const { node, log } = this.#around
    const bytes = encodeEnvelope(envelope)
    if (bytes.length > rumourBytesMax) {
      log.error({ bytes: bytes.length }, 'a rumour is too long and was not told')
      return
    }
    node.services.pubsub.publish(this.#topic, bytes).catch((error: unknown) => {
      log.debug({ problem: messageOf(error) }, 'a rumour was not told')
    })
  }
}

function rumourOf(data: Uint8Array): Envelope | undefined {
  if (data.length > rumourBytesMax) return undefined
  const envelope = decodeEnvelope(data)
  return 'problem' in envelope || envelope.body.type !== 'Rumour' ? undefined : envelope
}
