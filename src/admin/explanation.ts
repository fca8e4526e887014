// POST /v1/explain: which pools a pod's ADD may use and why, of a pod that is known or of one that is only thought of.
// The function that decides for real explains.

import { ask } from '../actors/runtime/ask.ts'
import { type Address, formatAddress, parseAddress } from '../core/address.ts'
import { Fields, isObject, type Json } from '../core/fields.ts'
import { plainData } from '../core/plain-data.ts'
import type { PoolUsage } from '../core/refusal.ts'
import type { Explanation } from '../core/selection/explain.ts'
import { shapeOf } from './addresses.ts'
import { type OpenService, subnetsOf, timing } from './admin-service.ts'
import { type Answer, refused, shown } from './answer.ts'
import { count, podText } from './views.ts'

const keys = [
  'namespace',
  'pod',
  'ifname',
  'annotations',
  'ipv4',
  'ipv6',
  'addresses',
  'cleanGateway'
]

export interface ExplainedView {
  readonly pod?: string
  readonly ifname: string
  /** What the pod has at this moment. */
  readonly has: readonly {
    readonly ifname: string
    readonly address: string
    readonly pool: string
  }[]
  readonly levels: readonly {
    readonly level: string
    readonly source: string
    readonly decides: boolean
    readonly interfaces: readonly {
      readonly ifname: string
      readonly families: readonly {
        readonly family: 4 | 6
        readonly requested: readonly string[]
        readonly candidates: readonly {
          readonly pool: string
          readonly misfit?: string
          readonly usage?: Readonly<Record<'total' | 'used' | 'cooling' | 'free', number | string>>
        }[]
      }[]
    }[]
    readonly refusal?: RefusalView
  }[]
  readonly refusal?: RefusalView
}

/** `core/refusal.ts` as plain data. */
type RefusalView = Readonly<Record<string, unknown>> & { readonly reason: string }

/** An annotation is a document of its own; the body's limit bounds all of them. */
interface Wanted {
  readonly pod: { readonly namespace?: string; readonly name?: string }
  readonly ifname: string
  readonly annotations: Readonly<Record<string, string>>
  readonly pools: { readonly 4: readonly string[]; readonly 6: readonly string[] } | undefined
  readonly requested: readonly Address[]
  readonly cleanGateway: boolean
}

export async function explainPools(service: OpenService, body: Json): Promise<Answer> {
  const wanted = readWanted(body)
  if ('problem' in wanted) return refused(400, wanted.problem)
  const { pod, ifname, annotations, pools, requested, cleanGateway } = wanted
  const [usages, { attachments }] = await Promise.all([usagesOf(service), shapeOf(service)])
  const demand = { annotations, requested, cleanGateway, ...(pools !== undefined && { pools }) }
  const question = { pod, ifname, demand, usages }
  const within = timing(service)
  const told = await ask(service.house.allocator, { type: 'Explain', ...question }, within)
  const name = podText(pod)
  const has = [...attachments.values()]
    .filter(one => name !== undefined && podText(one.pod) === name)
    .flatMap(({ key, assignments }) =>
      assignments.map(({ address, pool }) => ({
        ...{ ifname: key.ifname, address: formatAddress(address), pool }
      }))
    )
  return shown({
    ...(name !== undefined && { pod: name }),
    ...{ ifname, has },
    ...explained(told)
  } satisfies ExplainedView)
}

function explained({ levels, refusal }: Explanation) {
  return {
    levels: levels.map(level => ({
      ...level,
      interfaces: level.interfaces.map(({ ifname, families }) => ({
        ifname,
        families: families.map(({ candidates, ...family }) => ({
          ...family,
          candidates: candidates.map(({ pool, misfit, usage }) => ({
            pool,
            ...(misfit !== undefined && { misfit }),
            ...(usage !== undefined && { usage: usageView(usage) })
          }))
        }))
      })),
      ...(level.refusal !== undefined && { refusal: plainData(level.refusal) as RefusalView })
    })),
    ...(refusal !== undefined && { refusal: plainData(refusal) as RefusalView })
  }
}

function usageView({ total, used, cooling, free }: PoolUsage) {
  return { total: count(total), used: count(used), cooling: count(cooling), free: count(free) }
}

async function usagesOf(service: OpenService): Promise<ReadonlyMap<string, PoolUsage>> {
  const actors = [...(await subnetsOf(service)).values()]
  const usages = await Promise.all(
    actors.map(actor => ask(actor, { type: 'DescribeUsage' }, timing(service)))
  )
  return new Map(usages.flatMap(({ pools }) => pools.map(usage => [usage.pool, usage] as const)))
}

function readWanted(body: Json): Wanted | { readonly problem: string } {
  const problems: string[] = []
  const fields = new Fields('body', body, problems)
  fields.onlyKeys(keys)
  const namespace = fields.text('namespace', 'must be the namespace of the pod')
  const name = fields.text('pod', 'must be the name of a pod')
  const ifname = fields.text('ifname', 'must be the name of an interface in the pod') ?? 'eth0'
  const names = (key: string) => fields.texts(key).map(({ value }) => value)
  const [ipv4, ipv6] = [names('ipv4'), names('ipv6')]
  const requested = names('addresses').flatMap(text => {
    const address = parseAddress(text)
    if (address === undefined) problems.push(`addresses: "${text}" is no IP address`)
    return address ?? []
  })
  const annotations = annotationsIn(fields.get('annotations') ?? {}, problems)
  const cleanGateway = fields.boolean('cleanGateway') ?? false
  if (problems.length > 0) return { problem: problems.join('; ') }
  return {
    pod: {
      ...(name !== undefined && { name, namespace: namespace ?? 'default' }),
      ...(namespace !== undefined && { namespace })
    },
    ...{ ifname, annotations, requested, cleanGateway },
    pools: ipv4.length + ipv6.length === 0 ? undefined : { 4: ipv4, 6: ipv6 }
  }
}

function annotationsIn(value: unknown, problems: string[]): Record<string, string> {
  if (!isObject(value)) {
    problems.push('annotations: must be a map of texts')
    return {}
  }
  const texts = Object.entries(value).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string'
  )
  if (texts.length < Object.keys(value).length) problems.push('annotations: must be a map of texts')
  return Object.fromEntries(texts)
}
