// POST /v1/tell: one message to one actor at a person's word. Only messages that need nothing but their name: each is
// one that the actor gets all the time, so none of them can bring it where it has not been before.

import { plainData } from '../core/plain-data.ts'
import type { Json } from '../core/fields.ts'
import { actorAt } from './actors.ts'
import { type OpenService, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { textsOf } from './request-body.ts'

/** By the actor's name: what it answers, and what it does of itself now and then and may be asked to do at once. */
const messages: Readonly<
  Record<string, { readonly questions: readonly string[]; readonly nudges: readonly string[] }>
> = {
  allocator: { questions: ['ListAttachments'], nudges: ['KeepTick'] },
  broker: { questions: [], nudges: ['SearchTick'] },
  catalogue: { questions: ['DescribePools'], nudges: ['Reload'] },
  inquest: { questions: [], nudges: ['InquestTick'] },
  membership: { questions: ['DescribePeers'], nudges: ['SessionTick'] },
  reaper: { questions: [], nudges: ['ReapTick'] },
  secretary: { questions: ['DescribeRegistry', 'ReadHead'], nudges: ['Learn'] },
  subnet: { questions: ['DescribeCustody', 'DescribeUsage'], nudges: ['CooldownTick'] },
  synchroniser: { questions: [], nudges: ['CompareTick', 'RumourTick'] }
}

export async function tellActor(service: OpenService, body: Json): Promise<Answer> {
  const read = textsOf(body, {
    required: {
      path: 'must be the path of an actor',
      message: 'must be the type of a message',
      reason: 'must say why: this goes past all that guards an actor, and stays in the log'
    }
  })
  if ('problem' in read) return refused(400, read.problem)
  const { path = '', message = '' } = read.texts
  const vitals = actorAt(service.house, path)
  if ('status' in vitals) return vitals
  const { questions, nudges } = messages[vitals.name] ?? { questions: [], nudges: [] }
  if (nudges.includes(message)) {
    const isTaken = service.house.actors.tell(path, { type: message })
    if (!isTaken) return refused(503, `${path} takes no more messages now`)
    return shown({ path, message, told: true })
  }
  if (!questions.includes(message)) {
    const known = [...questions, ...nudges].join(', ')
    return refused(400, `message: ${path} is asked nothing of this kind; it may be ${known}`)
  }
  const answer = await question(service, path, message)
  if (answer === undefined) return refused(503, `${path} does not answer`)
  return shown({ path, message, answer: plainData(answer.value) })
}

function question(
  service: OpenService,
  path: string,
  type: string
): Promise<{ readonly value: unknown } | undefined> {
  const { clock, timeoutMs } = timing(service)
  return new Promise(resolve => {
    const cancel = clock.after(timeoutMs, () => resolve(undefined))
    const replyTo = (value: unknown) => {
      cancel()
      resolve({ value })
    }
    if (!service.house.actors.tell(path, { type, replyTo })) {
      cancel()
      resolve(undefined)
    }
  })
}
