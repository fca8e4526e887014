// What the admin socket's answers look like to a person at a terminal.

import type { PeersView } from './cluster-views.ts'
import type { BlockView, DomainView } from './custody-view.ts'
import type { DrainView } from './drain.ts'
import type { StatusView } from './reports.ts'
import { table } from './table.ts'

export function statusText(status: StatusView): string {
  const { node, release, serving, draining, why, notServing = [] } = status
  const state = !serving ? 'serves nothing' : draining === true ? 'is being drained' : 'serves'
  return [
    `node ${node}, release ${release}: ${state}${why === undefined ? '' : `: ${why}`}`,
    ...notServing.map(({ domain, why: reason }) => `${domain}: nothing is handed out: ${reason}`),
    ...(serving && draining === undefined ? ['the subnets do not answer'] : [])
  ]
    .map(line => `${line}\n`)
    .join('')
}

export function blocksText({ domains }: { readonly domains: readonly DomainView[] }): string {
  if (domains.length === 0) return 'no subnet is known on this node\n'
  return domains.map(domainText).join('\n')
}

function domainText(domain: DomainView): string {
  const { blocks, contested, openGrants, waitsFor, why } = domain
  const shares = sharesOf(blocks).join(', ') || 'not under custody'
  return [
    `${domain.domain}: ${shares}\n`,
    ...(why === undefined ? [] : [`nothing is handed out here: ${why}\n`]),
    ...(waitsFor.length === 0 ? [] : [`waits for ${waitsFor.join(', ')}\n`]),
    ...(openGrants === 0 ? [] : [`${openGrants} grants are not acknowledged yet\n`]),
    ...contested.map(({ address, claims }) => `CONTESTED ${address}: ${claims.join(' | ')}\n`),
    ...(blocks.length === 0
      ? []
      : [table(['FIRST', 'LAST', 'COUNT', 'KEY', 'OWNER'], blocks.map(blockCells))])
  ].join('')
}

/** How much each owner has, the largest first. */
function sharesOf(blocks: readonly BlockView[]): string[] {
  const byOwner = Map.groupBy(blocks, ownerText)
  return [...byOwner]
    .map(([owner, own]) => ({
      owner,
      sum: own.reduce((sum, { count }) => sum + BigInt(count), 0n)
    }))
    .sort((a, b) => (a.sum < b.sum ? 1 : a.sum > b.sum ? -1 : 0))
    .map(({ owner, sum }) => `${owner} ${sum}`)
}

function ownerText({ owner, heir, mine }: BlockView): string {
  if (mine) return `${owner} (mine)`
  return heir === undefined ? owner : `${owner} (removed, for ${heir})`
}

function blockCells(block: BlockView): string[] {
  const { first, last, count, key } = block
  const kept = block.keptFor === undefined ? '' : `, kept for ${block.keptFor}`
  return [first, last, String(count), key, `${ownerText(block)}${kept}`]
}

export function peersText({ cluster, node, index, incarnation, peers }: PeersView): string {
  const place = index === undefined ? 'not a member yet' : `member ${index}`
  const head = `cluster ${cluster ?? 'unknown yet'}; this is ${node}, ${place}, incarnation ${incarnation}\n`
  if (peers.length === 0) return `${head}no other members\n`
  const rows = peers.map(peer => [
    String(peer.index),
    peer.node,
    peer.connected ? (peer.session ? 'yes' : 'greeting') : 'no',
    peer.silentSeconds === undefined ? 'not yet' : `${peer.silentSeconds} s ago`,
    peer.incarnation
  ])
  return head + table(['MEMBER', 'NODE', 'CONNECTED', 'HEARD', 'INCARNATION'], rows)
}

export function drainText({ reachable, left }: DrainView): string {
  const rest =
    left.length === 0
      ? 'nothing is left here\n'
      : table(
          ['SUBNET', 'LEFT'],
          left.map(({ domain, owned }) => [domain, String(owned)])
        )
  const nobody =
    reachable === 0 ? 'no other node can be reached: what is here stays until one can\n' : ''
  return `this node is being drained until orbweaverd undrain\n${nobody}${rest}`
}
