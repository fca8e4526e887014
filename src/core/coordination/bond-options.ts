// What can be said of a bond beside its mode, by the names of the bonding driver (Documentation/networking/bonding.rst of
// Linux), and the text that Spiderpool's users write it in: `miimon=100;xmit_hash_policy=layer3+4`.

import { type Address, familyOf, parseAddress } from '../address.ts'
import { type Mac, parseMac } from '../link/mac.ts'

/** Each is at the place of its number. */
export const bondModes = [
  ...['balance-rr', 'active-backup', 'balance-xor', 'broadcast'],
  ...['802.3ad', 'balance-tlb', 'balance-alb']
] as const

export interface BondOptions {
  /** By the names of `bondNumbers`. */
  readonly numbers: Readonly<Record<string, number>>
  /** The link that carries everything while it works. */
  readonly primary?: string
  /** `ad_actor_system` */
  readonly adActorSystem?: Mac
  /** IPv4; at most `arpTargetsMax`. */
  readonly arpIpTargets?: readonly Address[]
}

/** A number up to `most`, or one of the words, each at the place of its number. */
type NumberForm = { readonly most: number } | { readonly words: readonly string[] }

const milliseconds = { most: 2 ** 31 - 1 }
const count = { most: 2 ** 31 - 1 }
const byte = { most: 255 }
const onOff = { words: ['off', 'on'] }

export const bondNumbers: Readonly<Record<string, NumberForm>> = {
  miimon: milliseconds,
  updelay: milliseconds,
  downdelay: milliseconds,
  peer_notif_delay: milliseconds,
  use_carrier: onOff,
  arp_interval: milliseconds,
  arp_validate: {
    words: ['none', 'active', 'backup', 'all', 'filter', 'filter_active', 'filter_backup']
  },
  arp_missed_max: byte,
  arp_all_targets: { words: ['any', 'all'] },
  primary_reselect: { words: ['always', 'better', 'failure'] },
  fail_over_mac: { words: ['none', 'active', 'follow'] },
  xmit_hash_policy: {
    words: ['layer2', 'layer3+4', 'layer2+3', 'encap2+3', 'encap3+4', 'vlan+srcmac']
  },
  resend_igmp: byte,
  num_grat_arp: byte,
  num_unsol_na: byte,
  all_slaves_active: onOff,
  min_links: count,
  lp_interval: count,
  packets_per_slave: { most: 65_535 },
  lacp_active: onOff,
  lacp_rate: { words: ['slow', 'fast'] },
  ad_select: { words: ['stable', 'bandwidth', 'count'] },
  ad_actor_sys_prio: { most: 65_535 },
  ad_user_port_key: { most: 1_023 },
  tlb_dynamic_lb: onOff
}

/** BOND_MAX_ARP_TARGETS of the kernel. */
const arpTargetsMax = 16

/** Spiderpool writes one of them in its own way. */
const otherNames: Readonly<Record<string, string>> = { up_delay: 'updelay' }

const known = [...Object.keys(bondNumbers), 'primary', 'ad_actor_system', 'arp_ip_target']

/** `slaves` are the links of the bond. Each problem is the end of a sentence that begins with the key. */
export function readBondOptions(
  text: string,
  slaves: readonly string[]
): { readonly options: BondOptions; readonly problems: readonly string[] } {
  const problems: string[] = []
  const numbers: Record<string, number> = {}
  const others: { primary?: string; adActorSystem?: Mac; arpIpTargets?: readonly Address[] } = {}
  const seen = new Set<string>()
  for (const part of text.split(';').filter(part => part.trim() !== '')) {
    const [written = '', value = ''] = partsOf(part)
    const name = otherNames[written] ?? written
    const refuse = (sentence: string) => void problems.push(`${written}=${value} ${sentence}`)
    if (seen.has(name)) refuse('is said twice')
    seen.add(name)
    const form = Object.hasOwn(bondNumbers, name) ? bondNumbers[name] : undefined
    if (form !== undefined) {
      const number = numberOf(form, value)
      if (number === undefined) refuse(`must be ${formText(form)}`)
      else numbers[name] = number
    } else if (name === 'primary') {
      if (slaves.includes(value)) others.primary = value
      else refuse(`must be one of the interfaces ${slaves.join(', ')}`)
    } else if (name === 'ad_actor_system') {
      const mac = parseMac(value)
      if (mac === undefined) refuse('must be a hardware address')
      else others.adActorSystem = mac
    } else if (name === 'arp_ip_target') {
      const targets = targetsOf(value)
      if (targets === undefined) refuse(`must be 1 to ${arpTargetsMax} IPv4 addresses with commas`)
      else others.arpIpTargets = targets
    } else if (name === 'active_slave') {
      // Set again with each pod, it would undo what the bond has changed over to.
      refuse('is what the bond itself changes; name the one that is preferred as primary')
    } else refuse(`is unknown; known are ${known.join(', ')}`)
  }
  return { options: { numbers, ...others }, problems }
}

function partsOf(part: string): string[] {
  const at = part.indexOf('=')
  return at < 0 ? [part.trim()] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
}

function numberOf(form: NumberForm, value: string): number | undefined {
  const number = /^\d{1,10}$/.test(value) ? Number(value) : undefined
  if ('most' in form) return number !== undefined && number <= form.most ? number : undefined
  if (number !== undefined) return number < form.words.length ? number : undefined
  const at = form.words.indexOf(value)
  return at < 0 ? undefined : at
}

function formText(form: NumberForm): string {
  if ('most' in form) return `a whole number from 0 to ${form.most}`
  return form.words.map((word, i) => `${i} (${word})`).join(', ')
}

/** `10.0.0.1,10.0.0.2` as ip-link(8) has it, or Spiderpool's `["10.0.0.1","10.0.0.2"]`. */
function targetsOf(value: string): readonly Address[] | undefined {
  const bare = /^\[(.*)\]$/.exec(value)?.[1]?.replaceAll('"', '') ?? value
  const targets = bare.split(',').map(text => parseAddress(text.trim()))
  const isFine = targets.every(
    (target): target is Address => target !== undefined && familyOf(target) === 4
  )
  return isFine && targets.length <= arpTargetsMax ? targets : undefined
}
