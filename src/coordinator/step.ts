// One step of a plan: what it is about, and whether it is there.

import { formatAddress } from '../core/address.ts'
import { formatCidr } from '../core/cidr.ts'
import type { LinkChange, Operation, Place } from '../kernel/operation.ts'
import type { Link, NamespaceView, NextHop, Route, Rule } from '../kernel/view.ts'

/** What can be wanted. The others only take back. */
export type Step = Exclude<Operation, { type: 'DeleteAddress' | 'DeleteRule' | 'DeleteMarks' }>

/** Both sides of a pod. Of the pod nothing is known when its namespace is gone. */
export interface Views {
  readonly host: NamespaceView
  readonly pod: NamespaceView
}

/** Steps are asked for their keys again and again, and addresses as texts are dear. */
const keys = new WeakMap<Step, string>()

/** What it is about, one text for whatever contradicts or repeats one another. */
export function operationKey(step: Step): string {
  const known = keys.get(step)
  if (known !== undefined) return known
  const key = `${step.at} ${subjectOf(step)}`
  keys.set(step, key)
  return key
}

function subjectOf(step: Step): string {
  switch (step.type) {
    case 'AddVeth':
    case 'AddVlan':
    case 'AddBond':
      return `link ${step.link.name}`
    case 'DeleteLink':
      return `no link ${step.name}`
    case 'SetLink':
      return `state of ${step.name}`
    case 'PutAddress': {
      const { link, address, prefix } = step.address
      return `address ${formatAddress(address)}/${prefix} of ${link}`
    }
    case 'PutRoute':
      return `route ${routeKeyText(step.route)}`
    // Another route than the one that is wanted under the same key.
    case 'DeleteRoute':
      return `no route ${routeKeyText(step.route)} by ${step.route.hops.map(({ link }) => link).join(' ')}`
    case 'PutRule':
      return `rule ${ruleKey(step.rule)}`
    case 'PutNeighbour':
    case 'DeleteNeighbour':
      return `neighbour ${formatAddress(step.neighbour.address)} of ${step.neighbour.link}`
    case 'SetSysctl':
      return `sysctl ${step.key}`
    case 'PutMarks':
      return 'marks'
  }
}

function routeKeyText({ table, destination, tos, metric }: Route): string {
  return `${formatCidr(destination)} tos ${tos} metric ${metric} in ${table}`
}

/** The kernel keeps one of them. */
export function haveSameKey(a: Route, b: Route): boolean {
  return (
    a.table === b.table &&
    a.metric === b.metric &&
    a.tos === b.tos &&
    a.destination.family === b.destination.family &&
    a.destination.prefix === b.destination.prefix &&
    a.destination.range.start === b.destination.range.start
  )
}

export function ruleKey({ family, priority, table, from, to, mark }: Rule): string {
  const parts = [
    ...(from === undefined ? [] : [`from ${formatCidr(from)}`]),
    ...(to === undefined ? [] : [`to ${formatCidr(to)}`]),
    ...(mark === undefined ? [] : [`mark ${mark.value}/${mark.mask}`])
  ]
  return `IPv${family} ${priority} ${parts.join(' ')} lookup ${table}`
}

export function viewAt({ host, pod }: Views, at: Place): NamespaceView {
  return at === 'Host' ? host : pod
}

/** Is what the step says there already? */
export function isThere(step: Step, views: Views): boolean {
  const view = viewAt(views, step.at)
  switch (step.type) {
    case 'AddVeth': {
      const far = linkNamed(viewAt(views, step.peer.at), step.peer.name)
      return linkNamed(view, step.link.name)?.kind === 'veth' && far?.kind === 'veth'
    }
    case 'AddVlan':
    case 'AddBond':
      return linkNamed(view, step.link.name) !== undefined
    case 'DeleteLink':
      return linkNamed(view, step.name) === undefined
    case 'SetLink': {
      const link = linkNamed(view, step.name)
      return link !== undefined && Object.keys(differenceOf(link, step.change)).length === 0
    }
    case 'PutAddress': {
      const { link, address, prefix } = step.address
      return view.addresses.some(
        one => one.link === link && one.address === address && one.prefix === prefix
      )
    }
    case 'PutRoute':
      return view.routes.some(route => isSameRoute(route, step.route))
    case 'DeleteRoute':
      return !view.routes.some(route => isSameRoute(route, step.route))
    case 'PutRule':
      return view.rules.some(rule => isSameRule(rule, step.rule))
    case 'PutNeighbour': {
      const { mac } = step.neighbour
      const found = neighbourAt(view, step.neighbour)
      return found?.state === 'permanent' && found.mac === mac
    }
    case 'DeleteNeighbour':
      return neighbourAt(view, step.neighbour) === undefined
    case 'SetSysctl':
      return view.sysctls.get(step.key) === step.value
    case 'PutMarks':
      return view.marks?.type === 'Intact'
  }
}

export function linkNamed({ links }: NamespaceView, wanted: string): Link | undefined {
  return links.find(({ name }) => name === wanted)
}

/** Of what is to change, how it is now. */
export function differenceOf(link: Link, change: LinkChange): LinkChange {
  const { isUp, mac, mtu, txQueueLen, master } = link
  const now: LinkChange = {
    isUp,
    mtu,
    txQueueLen,
    master: master ?? null,
    ...(mac !== undefined && { mac })
  }
  const differing = Object.entries(change).filter(
    ([key, value]) => now[key as keyof LinkChange] !== value
  )
  return Object.fromEntries(differing.map(([key]) => [key, now[key as keyof LinkChange]]))
}

export function neighbourAt(
  { neighbours }: NamespaceView,
  { link, address }: { readonly link: string; readonly address: bigint }
) {
  return neighbours.find(one => one.link === link && one.address === address)
}

export function isSameRoute(a: Route, b: Route): boolean {
  return haveSameKey(a, b) && routeText(a) === routeText(b)
}

/** Who has made it counts for nobody. */
function routeText({ type, source, hops, metrics, scope, destination }: Route): string {
  const texts = hops.map(hopText).sort()
  const attributes = Object.entries(metrics)
    .map(([name, value]) => `${name} ${value}`)
    .sort()
  const reach = destination.family === 4 ? scope : 0
  return [type, source ?? '', reach, ...texts, ...attributes].join(' ')
}

function hopText({ link = '', gateway, weight }: NextHop): string {
  return `${link} ${gateway ?? ''} ${weight}`
}

function isSameRule(a: Rule, b: Rule): boolean {
  const mayBe = !a.isPartial && a.action === b.action && a.priority === b.priority
  return mayBe && ruleKey(a) === ruleKey(b)
}
