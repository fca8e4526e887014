// What a refusal says to the person who reads `kubectl describe pod`: what, where, who holds it, what to do.

import { formatAddress } from '../core/address.ts'
import { assertNever } from '../core/assert.ts'
import { formatCidr } from '../core/cidr.ts'
import type { PoolUsage, Refusal } from '../core/refusal.ts'
import { CniError, cniCodes } from './cni-error.ts'

const addPool = 'correct the network configuration or add the pool'

/** `node` is the name of this node. A new refusal does not compile until it has its text and code here. */
export function refusalError(refusal: Refusal, node: string): CniError {
  switch (refusal.reason) {
    case 'PoolExhausted':
      return new CniError(
        cniCodes.poolExhausted,
        `${fullPools(refusal.pools)} on ${node}; add addresses to the pool or remove pods`,
        countsOf(refusal.pools).join('; ') || undefined
      )
    case 'ReservationFull':
      return new CniError(
        cniCodes.poolExhausted,
        `all ${refusal.size} addresses that are reserved as ${refusal.name} are in use; they become free as earlier pods end; ` +
          'for more of them raise the annotation ipam.spidernet.io/ippool-ip-number'
      )
    case 'PoolUnreachable':
      return new CniError(
        cniCodes.poolUnreachable,
        `no free address of ${listOf(
          'pool',
          refusal.pools.map(({ pool }) => pool)
        )} can be reached from ${node}; ` +
          `${refusal.silent.map(one => one.node).join(', ')} cannot be asked: bring back the network between them, ` +
          'or remove a machine that is off for good: orbweaverd remove NODE',
        [
          ...countsOf(refusal.pools),
          ...refusal.silent.map(({ node: silent, owned }) => `about ${owned} free at ${silent}`)
        ].join('; ')
      )
    case 'AddressesPending':
      return new CniError(
        cniCodes.tryAgain,
        `no free address of ${listOf(
          'pool',
          refusal.pools.map(({ pool }) => pool)
        )} on ${node} yet; other nodes are being asked`,
        countsOf(refusal.pools).join('; ') || undefined
      )
    case 'AddressHeld':
      return new CniError(
        cniCodes.holderUnreachable,
        `requested address ${formatAddress(refusal.address)} is held by ${refusal.node}, which does not answer ${node}; ` +
          `if that machine is off for good: orbweaverd remove ${refusal.node}`
      )
    case 'NotServing':
      return new CniError(
        cniCodes.notServing,
        `${node} hands out no addresses now: ${refusal.why}; the runtime will try again`
      )
    case 'AddressesCooling':
      return new CniError(
        cniCodes.tryAgain,
        `${fullPools(refusal.pools)} on ${node}; some addresses were released a moment ago and are usable soon`,
        [
          ...countsOf(refusal.pools),
          `next one in ${Math.ceil(refusal.readyInMs / 1000)} s at the latest`
        ].join('; ')
      )
    case 'AddressTaken':
      if (refusal.earlier === 'Moving') {
        return new CniError(
          cniCodes.addressTaken,
          `address ${formatAddress(refusal.address)}, which this machine keeps, is used by ${refusal.holder}, from where it is to move, seen from ${node}; ` +
            'an address is never at two pods: stop the machine and start it again, ' +
            'or set fixedAddresses.virtualMachines to false where machines need no address of their pods'
        )
      }
      if (refusal.earlier === 'Ending') {
        return new CniError(
          cniCodes.addressTaken,
          `address ${formatAddress(refusal.address)}, which this pod keeps, is still used by ${refusal.holder}, seen from ${node}; ` +
            'it is free when that sandbox of the pod has ended, and the runtime will try again'
        )
      }
      if (refusal.isKept) {
        return new CniError(
          cniCodes.addressTaken,
          `requested address ${formatAddress(refusal.address)} is kept for ${refusal.holder}, seen from ${node}; ` +
            'nobody else gets it before its owner is deleted: ask for another address'
        )
      }
      return new CniError(
        cniCodes.addressTaken,
        `requested address ${formatAddress(refusal.address)} is used by ${refusal.holder}, seen from ${node}; ` +
          'remove that container or ask for another address'
      )
    case 'AddressOutsidePools':
      return new CniError(
        cniCodes.noPoolFits,
        `requested address ${formatAddress(refusal.address)} is not offered by ${listOf('pool', refusal.pools)} ` +
          `on ${node}; it is outside, excluded, reserved, or the gateway, network or broadcast address`
      )
    case 'AddressConflict': {
      const hosts = refusal.addresses.map(
        ({ address, mac }) => `${formatAddress(address)} answers from ${mac}`
      )
      return new CniError(
        cniCodes.addressConflict,
        `${hosts.join(', ')}, which is no pod of this cluster; take it off the network of ${node}, or reserve its address (SpiderReservedIP)`
      )
    }
    case 'GatewayUnreachable':
      return new CniError(
        cniCodes.gatewayUnreachable,
        `gateway ${formatAddress(refusal.gateway)} does not answer on the network of the pod on ${node}; ` +
          'look at VLAN and cabling of the interface, or switch gateway detection off',
        `asked for ${formatAddress(refusal.address)}`
      )
    case 'PoolUnknown':
      return new CniError(
        cniCodes.noPoolFits,
        `pool "${refusal.pool}" does not exist on ${node}; known are ${refusal.known.join(', ') || 'none'}; ${addPool}`
      )
    case 'NoPoolFits':
      return new CniError(
        cniCodes.noPoolFits,
        `no pool on ${node} fits: ${refusal.why.join('; ')}; ${addPool}`
      )
    case 'AnnotationInvalid':
      return new CniError(
        cniCodes.invalidConfig,
        `annotations of the pod or its namespace: ${refusal.problems.join('; ')}`
      )
    case 'RouteUnfit':
      return new CniError(
        cniCodes.invalidConfig,
        `annotation ipam.spidernet.io/routes: no interface of the pod reaches ${refusal.routes
          .map(({ dst, gw }) => `the next hop ${gw} of ${dst}`)
          .join(
            ', '
          )}; it has ${refusal.subnets.map(one => `${one.ifname} in ${formatCidr(one)}`).join(', ')}`
      )
    case 'DemandChanged':
      return new CniError(
        cniCodes.invalidConfig,
        `this attachment exists on ${node} and was made for another request; DEL it first`,
        `it was made for: ${refusal.had}; now asked for: ${refusal.wants}`
      )
    case 'Deleted':
      return new CniError(
        cniCodes.tryAgain,
        `this ADD began before a DEL of the same attachment on ${node} and is void; add it anew`
      )
    case 'TooOld':
      return new CniError(
        cniCodes.tryAgain,
        `this ADD began so long ago on ${node} that it may have been deleted since; add it anew`
      )
    case 'Overloaded':
      return new CniError(
        cniCodes.tryAgain,
        `too many requests wait on ${node}; the runtime will try again`
      )
    case 'StoreFull':
      return new CniError(
        cniCodes.io,
        `the disk under the state directory of ${node} is full, so no address can be kept safely; free space there`
      )
    case 'StoreFailed':
      return new CniError(
        cniCodes.io,
        `the state of ${node} could not be stored; see the log of orbweaverd there`,
        refusal.detail
      )
    default:
      return assertNever(refusal, 'refusal')
  }
}

function fullPools(pools: readonly PoolUsage[]): string {
  if (pools.length === 0) return 'no pool has a free address'
  const names = pools.map(({ pool }) => pool)
  return `${listOf('pool', names)} ${names.length > 1 ? 'are' : 'is'} full`
}

/** Every pod changes them, so they are no part of the message. */
function countsOf(pools: readonly PoolUsage[]): string[] {
  return pools.map(({ pool, total, used, cooling }) => {
    const cools = cooling > 0n ? `, ${cooling} cooling` : ''
    return `${pool}: ${used} of ${total} used${cools}`
  })
}

function listOf(noun: string, names: readonly string[]): string {
  if (names.length === 0) return `any ${noun}`
  return `${noun}${names.length > 1 ? 's' : ''} ${names.map(name => `"${name}"`).join(', ')}`
}
