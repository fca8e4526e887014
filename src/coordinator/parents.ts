// The parent of a network's pods as steps: which links have to be there, in which state. Pure, and ensured: a step that is
// there needs nothing, so pods share a parent and none of them has to know of the others.

import { bondModes } from '../core/coordination/bond-options.ts'
import { type BondWishes, type ParentWishes, vlanName } from '../core/coordination/parent-wishes.ts'
import type { Operation } from '../kernel/operation.ts'
import { type Link, type NamespaceView, scopes } from '../kernel/view.ts'
import type { Impossible } from './stage.ts'
import { isThere, type Step } from './step.ts'
import { undoOf } from './undo.ts'

export interface ParentPlan {
  /** All that has to be there. */
  readonly steps: readonly Step[]
  /** What is missing of it, in the order in which it is done. */
  readonly work: readonly Work[]
}

export interface Work {
  readonly operation: Operation
  /** What brings back what was there before, once it is done. */
  readonly undo: readonly Operation[]
}

/** What somebody else has made is used as it is, or not at all: it is never changed into something else. */
export function parentPlan(wishes: ParentWishes, host: NamespaceView): ParentPlan | Impossible {
  const { interfaces, bond, vlanId } = wishes
  const missing = interfaces.filter(name => linkNamed(host, name) === undefined)
  if (missing.length > 0) return { problem: missingText(missing, host) }
  const [first] = interfaces
  const base = bond?.name ?? first
  if (base === undefined) return { problem: 'no interface is named' }
  const bonded = bond === undefined ? [] : bondSteps(bond, interfaces, host)
  if ('problem' in bonded) return bonded
  const vlan = vlanId === undefined ? [] : vlanSteps(base, vlanId, host)
  if ('problem' in vlan) return vlan
  const steps = [...bonded, up(base), ...vlan]
  const views = { host, pod: host }
  return {
    steps,
    work: steps.filter(step => !isThere(step, views)).flatMap(one => work(one, host))
  }
}

function bondSteps(
  { name, mode, options }: BondWishes,
  slaves: readonly string[],
  host: NamespaceView
): Step[] | Impossible {
  const there = linkNamed(host, name)
  if (there !== undefined && there.kind !== 'bond') {
    return { problem: `${name} exists on the host and is ${kindText(there)}, no bond` }
  }
  if (there?.bondMode !== undefined && there.bondMode !== mode) {
    return {
      problem: `${name} exists on the host with mode ${modeText(there.bondMode)}, and is to have ${modeText(mode)}; others may use it, so it stays as it is`
    }
  }
  const unfit = slaves.flatMap(slave => whyNoSlave(slave, name, host))
  if (unfit.length > 0) return { problem: unfit.join('; ') }
  return [
    { type: 'AddBond', at: 'Host', link: { name }, mode, options },
    ...slaves.map((slave): Step => ({
      ...{ type: 'SetLink', at: 'Host', name: slave },
      change: { master: name, isUp: true }
    }))
  ]
}

/** A link is set down to go into a bond, and loses the addresses and routes that the node may live by. */
function whyNoSlave(slave: string, bond: string, { links, addresses }: NamespaceView): string[] {
  const link = links.find(({ name }) => name === slave)
  if (link?.master === bond) return []
  if (link?.master !== undefined) return [`${slave} belongs to ${link.master} already`]
  const hasAddress = addresses.some(one => one.link === slave && one.scope === scopes.universe)
  return hasAddress
    ? [
        `${slave} has addresses of the node, which it would lose in ${bond}; move them to ${bond} first`
      ]
    : []
}

function vlanSteps(base: string, id: number, host: NamespaceView): Step[] | Impossible {
  const name = vlanName(base, id)
  const there = linkNamed(host, name)
  const parent = linkNamed(host, base)
  const isOf = (link: Link) =>
    link.parent?.isElsewhere === false && link.parent.index === parent?.index
  if (there !== undefined && !(there.kind === 'vlan' && there.vlanId === id && isOf(there))) {
    return {
      problem: `${name} exists on the host and is ${kindText(there)}, not VLAN ${id} of ${base}`
    }
  }
  const other = host.links.find(({ kind, vlanId }) => kind === 'vlan' && vlanId === id)
  if (there === undefined && other !== undefined) {
    return {
      problem: `VLAN ${id} exists on the host as ${other.name}, and is not made a second time as ${name}; use ${other.name}, or remove it`
    }
  }
  return [{ type: 'AddVlan', at: 'Host', link: { name }, parent: base, id }, up(name)]
}

function up(name: string): Step {
  return { type: 'SetLink', at: 'Host', name, change: { isUp: true } }
}

function work(step: Step, host: NamespaceView): Work[] {
  if (step.type !== 'SetLink') return [{ operation: step, undo: undoOf(step, viewsOf(host)) }]
  const { at, type, name, change } = step
  const link = linkNamed(host, name)
  const wasUp = link?.isUp === true
  const set = (isUp: boolean): Operation => ({ type, at, name, change: { isUp } })
  if (typeof change.master !== 'string' || link?.master === change.master) {
    return [{ operation: set(true), undo: link === undefined ? [] : [set(false)] }]
  }
  // No bond takes a link that is up, and the kernel sets it down when it leaves.
  const join: Operation = { type, at, name, change: { master: change.master } }
  const leave: Operation = { type, at, name, change: { master: null } }
  return [
    ...(wasUp ? [{ operation: set(false), undo: [set(true)] }] : []),
    { operation: join, undo: [leave] },
    { operation: set(true), undo: [] }
  ]
}

function viewsOf(host: NamespaceView) {
  return { host, pod: host }
}

function linkNamed({ links }: NamespaceView, wanted: string): Link | undefined {
  return links.find(({ name }) => name === wanted)
}

/** But for cables to pods, of which there are many. */
function missingText(missing: readonly string[], { links }: NamespaceView): string {
  const shownMax = 16
  const there = links.filter(link => !link.isLoopback && link.parent?.isElsewhere !== true)
  const names = there.map(({ name }) => name).slice(0, shownMax)
  return `${missing.join(' and ')} does not exist on the host, which has ${names.join(', ') || 'no interface'}`
}

function kindText({ kind, vlanId }: Link): string {
  if (kind === 'vlan') return `VLAN ${vlanId} of another link`
  return kind === undefined ? 'an interface' : `a ${kind}`
}

function modeText(mode: number): string {
  return `${mode} (${bondModes[mode] ?? 'unknown'})`
}
