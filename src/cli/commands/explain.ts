// explain: which pools an ADD may use and why, for a pod or for a request that is only thought of.

import type { Command } from 'commander'
import type { ExplainedView } from '../../admin/explanation.ts'
import { addView, type Options, textOf } from '../command.ts'
import { CommandFailure, exitStatus } from '../exit-status.ts'
import type { Surroundings } from '../orb.ts'
import type { View } from '../output.ts'
import { none } from '../table.ts'

const view: View<ExplainedView> = {
  table: ({ levels }) => ({
    head: ['LEVEL', 'DECIDES', 'INTERFACE', 'FAMILY', 'POOL', 'FREE', 'VERDICT'],
    rows: levels.flatMap(({ level, decides, interfaces, refusal }) => {
      const rows = interfaces.flatMap(({ ifname, families }) =>
        families.flatMap(({ family, requested, candidates }) =>
          candidates.map(({ pool, misfit, usage }) => [
            ...[level, decides ? 'yes' : 'no', ifname, `IPv${family}`, pool],
            usage === undefined ? none : `${usage.free}/${usage.total}`,
            misfit ?? (requested.length > 0 ? `may serve ${requested.join(', ')}` : 'may serve')
          ])
        )
      )
      const none_ = [level, decides ? 'yes' : 'no', none, none, none, none, reasonOf(refusal)]
      return rows.length === 0 ? [none_] : rows
    })
  }),
  above: ({ pod, ifname, has, levels }) => {
    const decisive = levels.find(({ decides }) => decides)
    const had = has.map(one => `${one.address} of ${one.pool} at ${one.ifname}`).join(', ')
    return [
      `Pod:         ${pod ?? '<none that is known>'}`,
      `Interface:   ${ifname}`,
      `Has:         ${had || none}`,
      `Decided by:  ${decisive?.source ?? none}`,
      '',
      ''
    ].join('\n')
  },
  below: ({ refusal, levels }) => {
    const no = refusal ?? levels.find(({ decides }) => decides)?.refusal
    return no === undefined ? '' : `\nRefused: ${reasonOf(no)}\n`
  },
  empty: 'Nothing is decided.'
}

function reasonOf(refusal: ExplainedView['refusal']): string {
  if (refusal === undefined) return none
  const { reason, why, problems, pool } = refusal
  const more = [why, problems, pool].flat().filter(one => typeof one === 'string')
  return more.length === 0 ? reason : `${reason}: ${more.join('; ')}`
}

export function addExplain(program: Command, around: Surroundings): void {
  addView(
    program,
    around,
    {
      name: 'explain',
      summary: 'Which pools an ADD may use and why: every level, every candidate, every verdict',
      more:
        'What the network configuration names only the runtime knows; say it with --ipv4 and --ipv6. ' +
        'Only the level that decides counts, also when nothing can be had of it',
      examples: [
        ['explain default/web-0', 'a pod, by what is known of it'],
        [
          'explain --namespace prod --ipv4 blue,red',
          'any pod of a namespace whose network names two pools'
        ],
        [
          `explain --annotation 'ipam.spidernet.io/ippool={"ipv4":["blue"]}'`,
          'a pod with an annotation'
        ]
      ],
      operands: [
        {
          name: 'POD',
          what: 'namespace/name, or the name of one in default',
          optional: true,
          completes: 'pod'
        }
      ],
      options: [
        { flags: '--namespace <name>', what: 'of a pod without a name' },
        { flags: '--ifname <name>', what: 'its interface (eth0)' },
        { flags: '--ipv4 <pools>', what: 'what the network names, with commas', completes: 'pool' },
        { flags: '--ipv6 <pools>', what: 'the same for IPv6', completes: 'pool' },
        { flags: '--address <addresses>', what: 'addresses asked for by name, with commas' },
        { flags: '--annotation <key=value...>', what: 'of the pod, beside those that are known' }
      ],
      watches: false
    },
    (orb, options, [pod]) => orb.question('/v1/explain', wanted(options, pod)),
    view
  )
}

function wanted(options: Options, pod: string | undefined): Record<string, unknown> {
  const [name, namespace = textOf(options, 'namespace')] = (pod ?? '').split('/').reverse()
  const list = (key: string) => textOf(options, key)?.split(',')
  const annotations = options['annotation'] as unknown as readonly string[] | undefined
  const body = {
    ...{ namespace, ifname: textOf(options, 'ifname') },
    pod: name === '' ? undefined : name,
    ...{ ipv4: list('ipv4'), ipv6: list('ipv6'), addresses: list('address') },
    annotations: annotations && Object.fromEntries(annotations.map(entry))
  }
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
}

function entry(text: string): [string, string] {
  const cut = text.indexOf('=')
  if (cut > 0) return [text.slice(0, cut), text.slice(cut + 1)]
  throw new CommandFailure(exitStatus.misused, `--annotation: "${text}" must be key=value`)
}
