// What of a plan has to be done. A new cable is made as it has to be, so its ends need not be set any more.

import type { LinkChange, NewLink, Place } from '../kernel/operation.ts'
import { isThere, type Step, type Views } from './step.ts'

interface MadeLink {
  readonly at: Place
  readonly link: NewLink
}

export function missingSteps(steps: readonly Step[], views: Views): readonly Step[] {
  const missing = steps.filter(step => !isThere(step, views))
  const made = missing.flatMap(step => (step.type === 'AddVeth' ? endsOf(step) : []))
  return missing.filter(step => !made.some(link => isSetBy(link, step)))
}

function endsOf({ at, link, peer }: Step & { type: 'AddVeth' }): MadeLink[] {
  const { mtu } = link
  return [
    { at, link },
    { at: peer.at, link: { ...peer, ...(mtu !== undefined && { mtu }) } }
  ]
}

function isSetBy({ at, link }: MadeLink, step: Step): boolean {
  if (step.type !== 'SetLink' || step.at !== at || step.name !== link.name) return false
  const made: LinkChange = link
  return Object.entries(step.change).every(
    ([key, value]) => made[key as keyof LinkChange] === value
  )
}
