// POST /v1/release: a person takes an address from an attachment whose DEL never came, or says that a quarantined one
// is free again. Refused while the pod may live: its address would be given to another one.

import { ask } from '../actors/runtime/ask.ts'
import { formatAddress } from '../core/address.ts'
import { type Attachment, keyText } from '../core/attachment.ts'
import type { Json } from '../core/fields.ts'
import { judgeSandbox } from '../core/sandbox.ts'
import { addressView, placeOf, shapeOf } from './addresses.ts'
import { type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { textsOf } from './request-body.ts'
import { podText } from './views.ts'

export interface ReleaseView {
  /** All that the attachment had: it goes as a whole. */
  readonly released: readonly string[]
  readonly pod?: string
  readonly holder?: string
  /** What was known of the sandbox: why it is certainly gone, or why it may not be. */
  readonly sandbox?: string
  readonly forced: boolean
  /** They are not given out again before their cool-down is over. */
  readonly keptFor?: string
}

export async function releaseAddress(service: OpenService, body: Json): Promise<Answer> {
  const read = textsOf(body, {
    required: { address: 'must be an IP address' },
    optional: { forcedBecause: 'must say why the address is taken from a pod that may live' }
  })
  if ('problem' in read) return refused(400, read.problem)
  const place = await placeOf(service, read.texts['address'] ?? '')
  if ('status' in place) return place
  const { address, domain, actor, reserved } = place
  const within = timing(service)
  const [shape, census] = await Promise.all([
    shapeOf(service),
    ask(actor, { type: 'DescribeAddresses', from: address, limit: 1, reserved }, within)
  ])
  const text = formatAddress(address)
  const [stretch] = census.stretches
  if (stretch?.state === 'quarantined') {
    const lifted = await ask(actor, { type: 'LiftQuarantine', address }, within)
    if (!lifted) return refused(409, `${text} is not in quarantine any more`)
    return shown({ released: [text], forced: false } satisfies ReleaseView)
  }
  const attachment = shape.attachments.get(stretch?.holder ?? '')
  if (stretch?.state !== 'used' || attachment === undefined) {
    const view = stretch && addressView(stretch, domain, shape)
    const { state = 'unknown', node } = view ?? {}
    const where = state === 'held' && node !== undefined ? ` at ${node}; ask that node` : ''
    return refused(409, `${text} is used by no pod of this node: it is ${state}${where}`)
  }
  return await evict(service, text, attachment, read.texts['forcedBecause'], stretch.keptFor)
}

async function evict(
  service: OpenService,
  text: string,
  attachment: Attachment,
  forcedBecause: string | undefined,
  keptFor: string | undefined
): Promise<Answer> {
  const { key, pod, sandbox, assignments } = attachment
  const [sighting] = await service.probe.sight([sandbox])
  const verdict = sighting && judgeSandbox(sandbox, sighting)
  const isGone = verdict?.type === 'Gone'
  const seen =
    verdict === undefined || verdict.type === 'Alive'
      ? `its network namespace ${sandbox.path} is there`
      : verdict.why
  const who = podText(pod) ?? keyText(key)
  if (!isGone && forcedBecause === undefined) {
    const how = 'delete the pod, or force the release with a reason when you know that it is gone'
    return refused(409, `${text} is used by ${who}, which may live: ${seen}; ${how}`)
  }
  const why = isGone ? `gone: ${seen}` : `forced: ${forcedBecause ?? ''} (${seen})`
  const outcome = await ask(
    service.house.allocator,
    { type: 'Evict', key, began: sandbox.began, why, vacated: isGone },
    timing(service)
  )
  if (outcome === undefined) return refused(409, `${who} has let ${text} go meanwhile`)
  if (!outcome.durable) return refused(503, `the disk refuses; ${who} still has ${text}`)
  const name = podText(pod)
  return shown({
    released: assignments.map(({ address }) => formatAddress(address)),
    ...(name !== undefined && { pod: name }),
    ...{ holder: keyText(key), sandbox: seen, forced: !isGone },
    ...(keptFor !== undefined && { keptFor })
  } satisfies ReleaseView)
}
