// Which packets of ping(8) have come and gone by which link of a namespace: the kernel's own packet filter notes each that
// it sees, before it is routed when it comes and after when it goes.

import type { Netns } from './netns.ts'

/** Once or often: one packet of a kind is one line. */
export interface Sighting {
  readonly way: 'in' | 'out'
  readonly link: string
  readonly type: 'echo-request' | 'echo-reply'
  readonly from: string
  readonly to: string
}

const families = [
  ['4', 'icmp', 'ip', 'icmp_type', 'ipv4_addr'],
  ['6', 'icmpv6', 'ip6', 'icmpv6_type', 'ipv6_addr']
] as const

const ways = [
  ['in', 'iifname', 'prerouting priority -350'],
  ['out', 'oifname', 'postrouting priority 350']
] as const

const sets = ways.flatMap(([way]) =>
  families.map(
    ([family, , , type, address]) =>
      `set ${way}${family} { type ifname . ${type} . ${address} . ${address}; flags dynamic; size 4096; }`
  )
)
const chains = ways.map(([way, link, hook]) => {
  const rules = families.map(
    ([family, icmp, ip]) =>
      `${icmp} type { echo-request, echo-reply } update @${way}${family} { ${link} . ${icmp} type . ${ip} saddr . ${ip} daddr };`
  )
  return `chain ${way} { type filter hook ${hook}; ${rules.join(' ')} }`
})
const table = `table inet capture { ${[...sets, ...chains].join('; ')}; }`

/** From now on; what was noted before is forgotten. */
export async function capture(netns: Netns): Promise<void> {
  await netns.exec('nft', `table inet capture {}; delete table inet capture; ${table}`)
}

export async function captured(netns: Netns): Promise<Sighting[]> {
  interface Shown {
    readonly set?: {
      readonly name: string
      readonly elem?: readonly { readonly concat: string[] }[]
    }
  }
  const out = await netns.exec('nft', '-j', 'list', 'table', 'inet', 'capture')
  const { nftables } = JSON.parse(out) as { nftables: readonly Shown[] }
  return nftables.flatMap(({ set }) =>
    (set?.elem ?? []).map(({ concat: [link = '', type = '', from = '', to = ''] }) => ({
      way: set?.name.startsWith('in') === true ? ('in' as const) : ('out' as const),
      ...{ link, type: type as Sighting['type'], from, to }
    }))
  )
}
