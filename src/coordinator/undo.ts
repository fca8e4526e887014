// What takes a step back.

import type { Operation } from '../kernel/operation.ts'
import { isSame } from './same.ts'
import {
  differenceOf,
  haveSameKey,
  isSameRoute,
  isThere,
  linkNamed,
  neighbourAt,
  type Step,
  viewAt,
  type Views
} from './step.ts'

/** What takes back a step where nothing was there before. */
export function oppositeOf(step: Step): readonly Operation[] {
  const { at } = step
  switch (step.type) {
    case 'AddVeth':
    case 'AddVlan':
    case 'AddBond':
      return [{ type: 'DeleteLink', at, name: step.link.name }]
    case 'PutAddress':
      return [{ type: 'DeleteAddress', at, address: step.address }]
    case 'PutRoute':
      return [{ type: 'DeleteRoute', at, route: step.route }]
    case 'DeleteRoute':
      return [{ type: 'PutRoute', at, route: step.route }]
    case 'PutRule':
      return [{ type: 'DeleteRule', at, rule: step.rule }]
    case 'PutNeighbour': {
      const { link, address } = step.neighbour
      return [{ type: 'DeleteNeighbour', at, neighbour: { link, address } }]
    }
    case 'PutMarks':
      return [{ type: 'DeleteMarks', at }]
    case 'SetLink':
    case 'SetSysctl':
    case 'DeleteLink':
    case 'DeleteNeighbour':
      return []
  }
}

/** Is this what takes the step back where nothing was there before? */
export function isOpposite(undo: readonly Operation[], step: Step): boolean {
  return undo.length > 0 && isSame(undo, oppositeOf(step))
}

/** What brings back what is there now, once the step was carried out. Learned neighbours come back by themselves. */
export function undoOf(step: Step, views: Views): readonly Operation[] {
  const { at } = step
  const view = viewAt(views, at)
  switch (step.type) {
    case 'AddVeth':
      return oppositeOf(step)
    case 'AddVlan':
    case 'AddBond':
    case 'PutAddress':
    case 'DeleteRoute':
    case 'PutRule':
    case 'PutMarks':
      return isThere(step, views) ? [] : oppositeOf(step)
    case 'SetLink': {
      const link = linkNamed(view, step.name)
      const change = link === undefined ? {} : differenceOf(link, step.change)
      return Object.keys(change).length === 0
        ? []
        : [{ type: 'SetLink', at, name: step.name, change }]
    }
    case 'PutRoute': {
      const before = view.routes.filter(route => haveSameKey(route, step.route))
      if (before.some(route => isSameRoute(route, step.route))) return []
      const [one] = before
      return one === undefined ? oppositeOf(step) : [{ type: 'PutRoute', at, route: one }]
    }
    case 'PutNeighbour':
    case 'DeleteNeighbour': {
      const { link, address } = step.neighbour
      const before = neighbourAt(view, step.neighbour)
      if (before?.state !== 'permanent' || before.mac === undefined) return oppositeOf(step)
      if (isThere(step, views)) return []
      return [{ type: 'PutNeighbour', at, neighbour: { link, address, mac: before.mac } }]
    }
    case 'SetSysctl': {
      const value = view.sysctls.get(step.key)
      return value === undefined || value === step.value
        ? []
        : [{ type: 'SetSysctl', at, key: step.key, value }]
    }
    case 'DeleteLink':
      return []
  }
}
