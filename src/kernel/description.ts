// An operation in the words of ip(8), for the person who reads that it failed.

import { formatAddress } from '../core/address.ts'
import { formatCidr } from '../core/cidr.ts'
import type { LinkChange, Operation } from './operation.ts'
import type { NextHop, Route, Rule } from './view.ts'

/** `putting the route 10.6.0.7/32 dev veth0 table 100 in the pod`. */
export function describeOperation(operation: Operation): string {
  return `${deed(operation)} ${operation.at === 'Pod' ? 'in the pod' : 'on the host'}`
}

function deed(operation: Operation): string {
  switch (operation.type) {
    case 'AddVeth':
      return `adding the veth ${operation.link.name} with its other end ${operation.peer.name}`
    case 'AddVlan':
      return `adding the vlan ${operation.link.name} with id ${operation.id} on ${operation.parent}`
    case 'AddBond':
      return `adding the bond ${operation.link.name}`
    case 'DeleteLink':
      return `deleting the link ${operation.name}`
    case 'SetLink':
      return `setting ${changeText(operation.change)} of ${operation.name}`
    case 'PutAddress':
    case 'DeleteAddress': {
      const { address, prefix, link } = operation.address
      return `${verb(operation)} the address ${formatAddress(address)}/${prefix} dev ${link}`
    }
    case 'PutRoute':
    case 'DeleteRoute':
      return `${verb(operation)} the route ${describeRoute(operation.route)}`
    case 'PutRule':
    case 'DeleteRule':
      return `${verb(operation)} the rule ${describeRule(operation.rule)}`
    case 'PutNeighbour':
    case 'DeleteNeighbour': {
      const { address, link } = operation.neighbour
      return `${verb(operation)} the neighbour ${formatAddress(address)} dev ${link}`
    }
    case 'SetSysctl':
      return `setting ${operation.key} to ${operation.value}`
    case 'PutMarks':
      return `putting the nftables table that marks what comes in by ${operation.marks.link}`
    case 'DeleteMarks':
      return 'deleting the nftables table of marks'
  }
}

function verb({ type }: Operation): string {
  return type.startsWith('Put') ? 'putting' : 'deleting'
}

function changeText(change: LinkChange): string {
  return Object.entries(change)
    .map(([what, value]) => (what === 'isUp' ? (value === true ? 'up' : 'down') : what))
    .join(', ')
}

/** `default via 10.6.0.1 dev eth0 table 101`, as ip-route(8) has it. */
export function describeRoute(route: Route): string {
  const { type, destination, hops, table, source, metric } = route
  const { prefix } = destination
  return [
    ...(type === 'unicast' ? [] : [type]),
    prefix === 0 ? `default` : formatCidr(destination),
    ...hops.map(hopText),
    `table ${table}`,
    ...(source === undefined ? [] : [`src ${formatAddress(source)}`]),
    ...(metric === 0 ? [] : [`metric ${metric}`])
  ].join(' ')
}

function hopText({ gateway, link, isOnLink }: NextHop): string {
  const via = gateway === undefined ? [] : [`via ${formatAddress(gateway)}`]
  const dev = link === undefined ? [] : [`dev ${link}`]
  return [...via, ...dev, ...(isOnLink ? ['onlink'] : [])].join(' ')
}

/** `pref 1000 fwmark 0x1 lookup 100`, as ip-rule(8) has it. */
export function describeRule(rule: Rule): string {
  const { priority, from, to, mark, action, table } = rule
  return [
    `pref ${priority}`,
    `from ${from === undefined ? 'all' : formatCidr(from)}`,
    ...(to === undefined ? [] : [`to ${formatCidr(to)}`]),
    ...(mark === undefined ? [] : [`fwmark 0x${mark.value.toString(16)}`]),
    action === 'lookup' ? `lookup ${table}` : action,
    ...(rule.family === 6 ? ['(IPv6)'] : [])
  ].join(' ')
}
