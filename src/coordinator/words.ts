// Steps as sentences for people, in the words of ip(8).

import { formatAddress } from '../core/address.ts'
import { formatCidr } from '../core/cidr.ts'
import { type Route, tables } from '../kernel/view.ts'
import type { Step } from './step.ts'

/** What a step says, and that it is not so. */
export function differenceText(step: Step): string {
  const where = step.at === 'Host' ? 'on the host' : 'in the pod'
  return `${where}: ${lacking(step)}`
}

function lacking(step: Step): string {
  switch (step.type) {
    case 'AddVeth':
      return `the veth ${step.link.name} to ${step.peer.name} of the pod is missing`
    case 'AddVlan':
    case 'AddBond':
      return `${step.link.name} is missing`
    case 'SetLink': {
      const wanted = Object.entries(step.change).map(changeText)
      return `${step.name} is missing or not as it was set: ${wanted.join(', ')}`
    }
    case 'PutAddress':
      return `${formatAddress(step.address.address)} of ${step.address.link} is missing`
    case 'PutRoute':
      return `route ${routeText(step.route)} is missing or another one`
    case 'DeleteRoute':
      return `route ${routeText(step.route)} is back`
    case 'PutRule': {
      const { family, priority, from, mark, table } = step.rule
      const selector = [
        ...(from === undefined ? ['from all'] : [`from ${formatCidr(from)}`]),
        ...(mark === undefined ? [] : [`fwmark 0x${mark.value.toString(16)}`])
      ]
      return `IPv${family} rule ${priority} ${selector.join(' ')} lookup ${table} is missing`
    }
    case 'PutNeighbour': {
      const { link, address, mac } = step.neighbour
      return `permanent neighbour ${formatAddress(address)} lladdr ${mac} dev ${link} is missing or another one`
    }
    case 'DeleteNeighbour':
      return `neighbour ${formatAddress(step.neighbour.address)} dev ${step.neighbour.link} is back`
    case 'SetSysctl':
      return `sysctl ${step.key.replaceAll('/', '.')} is not ${step.value}`
    case 'PutMarks':
      return `the nftables rules that mark replies to ${step.marks.link} are missing or damaged`
    case 'DeleteLink':
      return `${step.name} is back`
  }
}

function changeText([name, value]: readonly [string, unknown]): string {
  if (name === 'isUp') return value === true ? 'up' : 'down'
  return `${name} ${String(value)}`
}

function routeText({ destination, hops, table }: Route): string {
  const way = hops.map(({ link, gateway }) =>
    [...(gateway === undefined ? [] : [`via ${formatAddress(gateway)}`]), `dev ${link}`].join(' ')
  )
  return `${formatCidr(destination)} ${way.join(' and ')} in table ${table === tables.main ? 'main' : table}`
}
