// Who lives on this node, found out without the database: attachments as far as the runtimes remember them, and
// for every other address of a pool that is really there one that says where it was found.

import { attachmentKey } from './cni/environment.ts'
import { parseCniArgs } from './cni/cni-args.ts'
import { parseIpamConf, parseNetConf } from './cni/net-conf.ts'
import { requestedAddresses } from './cni/requested-addresses.ts'
import { type Address, familyOf, formatAddress } from './core/address.ts'
import { rangeContains } from './core/address-range.ts'
import { type Assignment, type Attachment, keyText, type Pod } from './core/attachment.ts'
import { assignmentOf, demandText } from './core/demand.ts'
import { messageOf } from './core/error-text.ts'
import type { IpPool } from './core/ip-pool.ts'
import type { Sandbox } from './core/sandbox.ts'
import type { Inhabited, Survey } from './host/namespace-survey.ts'
import type { CachedAddress, CachedResult } from './host/result-cache.ts'
import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { SandboxProbe } from './ports/sandbox-probe.ts'

/** No runtime can have an attachment of a network or an interface of this name. */
const nowhere = '-'

export interface Evidence {
  readonly survey: Survey
  readonly results: readonly CachedResult[]
  /** By name. */
  readonly pools: ReadonlyMap<string, IpPool>
}

export interface Surroundings {
  readonly probe: SandboxProbe
  readonly clock: Clock
  readonly boot: string
  readonly log: Log
}

/** What a cached result says of the request that made it. */
interface Origin {
  readonly pod: Pod
  readonly demand: string
  readonly cleanGateway: boolean
  /** The pools that it named. */
  readonly pools: readonly string[]
}

/** No two of the attachments have a key or an address in common. */
export function livingPods(evidence: Evidence, around: Surroundings): Attachment[] {
  return new Census(evidence, around).take()
}

class Census {
  readonly #evidence: Evidence
  readonly #around: Surroundings
  readonly #attachments = new Map<string, Attachment>()
  readonly #holders = new Map<Address, string>()
  /** Where each address really is. */
  readonly #homes = new Map<Address, Inhabited>()

  constructor(evidence: Evidence, around: Surroundings) {
    this.#evidence = evidence
    this.#around = around
    for (const namespace of evidence.survey.namespaces) {
      for (const address of namespace.addresses) {
        if (!this.#homes.has(address)) this.#homes.set(address, namespace)
      }
    }
  }

  take(): Attachment[] {
    // What is seen to be true comes before what is only remembered, and the later before the earlier.
    const isSeen = ({ addresses }: CachedResult) =>
      addresses.some(one => this.#homes.has(one.address))
    const order = this.#evidence.results.toSorted(
      (a, b) => Number(isSeen(b)) - Number(isSeen(a)) || b.writtenMs - a.writtenMs
    )
    for (const result of order) this.#remembered(result)
    for (const namespace of this.#evidence.survey.namespaces) this.#found(namespace)
    return [...this.#attachments.values()]
  }

  #remembered(result: CachedResult): void {
    const { log } = this.#around
    const sandbox = this.#sandboxOf(result)
    if (sandbox === undefined) return
    try {
      const { name } = parseNetConf(confOf(result))
      const key = attachmentKey(result, result.network)
      if (name !== result.network) throw new Error(`its configuration is of network ${name}`)
      const origin = this.#originOf(result)
      const assignments = result.addresses.flatMap(one => this.#assign(one, origin) ?? [])
      const { pod, demand } = origin
      const createdAtMs = Math.round(result.writtenMs)
      this.#add({ key, pod, sandbox, demand, createdAtMs, assignments })
    } catch (error) {
      const { network, containerId, ifname } = result
      const why = messageOf(error)
      log.warn({ network, containerId, ifname, why }, 'a cached result is not understood')
    }
  }

  /** Undefined when its pod is gone, or has the network of the host. */
  #sandboxOf({ netns, addresses, writtenMs }: CachedResult): Sandbox | undefined {
    const { probe, clock, boot } = this.#around
    const began = { boot, ns: boottimeOf(writtenMs, clock) }
    const seen = netns === undefined ? undefined : probe.see(netns)
    if (netns !== undefined && seen?.type === 'Namespace') {
      return { path: netns, began, namespace: seen.id, witness: seen.witness }
    }
    if (seen?.type === 'Own') return undefined
    const home = addresses.flatMap(({ address }) => this.#homes.get(address) ?? [])[0]
    if (home !== undefined) return { ...sandboxAt(home), began }
    // That it is not where it was, or was not found anywhere, is a fact only when everything was seen.
    const isGone =
      seen === undefined ? this.#evidence.survey.unseen.length === 0 : isNone(seen.type)
    return isGone ? undefined : { path: netns ?? '', began }
  }

  #originOf(result: CachedResult): Origin {
    const conf = parseNetConf(confOf(result))
    try {
      const ipam = parseIpamConf(conf, result.role)
      const args = parseCniArgs(result.args)
      const requested = requestedAddresses(ipam, args)
      const { pools, cleanGateway } = ipam
      const demand = { requested, cleanGateway, ...(pools !== undefined && { pools }) }
      const named = pools === undefined ? [] : [...pools[4], ...pools[6]]
      return { pod: args.pod, demand: demandText(demand), cleanGateway, pools: named }
    } catch (error) {
      // The address is used all the same; only who asks for it again is told that he asks for something else.
      return { pod: {}, demand: `not known: ${messageOf(error)}`, cleanGateway: false, pools: [] }
    }
  }

  #assign({ address, prefix }: CachedAddress, origin: Origin): Assignment | undefined {
    const { pools } = this.#evidence
    const named = origin.pools.flatMap(name => pools.get(name) ?? [])
    const pool = poolOf(address, [...named, ...pools.values()])
    if (pool !== undefined) return assignmentOf(address, pool, origin.cleanGateway)
    // Its pool is no longer there: it is drained under its name, should it ever come back.
    const gone = origin.pools.find(name => !pools.has(name))
    if (gone !== undefined) return { address, prefix, pool: gone, routes: [] }
    return undefined
  }

  #found(namespace: Inhabited): void {
    const pools = [...this.#evidence.pools.values()]
    const assignments = namespace.addresses
      .filter(address => !this.#holders.has(address))
      .flatMap(address => {
        const pool = poolOf(address, pools)
        return pool === undefined || pool.gateway === address
          ? []
          : [assignmentOf(address, pool, false)]
      })
    const { boot, clock } = this.#around
    const containerId = `found-${namespace.id.replace(/.*:/, '')}`
    this.#add({
      key: { network: nowhere, containerId, ifname: nowhere },
      pod: {},
      sandbox: { ...sandboxAt(namespace), began: { boot, ns: clock.bootNs() } },
      demand: `found in ${namespace.path}`,
      createdAtMs: clock.wallMs(),
      assignments
    })
  }

  /** With those of its addresses that nobody has been found to have before. */
  #add(attachment: Attachment): void {
    const key = keyText(attachment.key)
    if (this.#attachments.has(key)) return
    const assignments = attachment.assignments.filter(({ address }) => {
      const other = this.#holders.get(address)
      if (other === undefined) {
        this.#holders.set(address, key)
        return true
      }
      if (other !== key) {
        const claims = [other, key]
        this.#around.log.warn(
          { address: formatAddress(address), claims },
          'an address seems to have two pods; the first one has it'
        )
      }
      return false
    })
    if (assignments.length === 0) return
    this.#attachments.set(key, { ...attachment, assignments })
  }
}

function isNone(seen: string): boolean {
  return seen === 'Missing' || seen === 'NotNamespace'
}

function sandboxAt({ path, id, witness }: Inhabited): Omit<Sandbox, 'began'> {
  return { path, namespace: id, witness }
}

function confOf({ conf }: CachedResult): Buffer {
  return Buffer.from(JSON.stringify(conf))
}

/** The pool that may hand it out, else one of its subnet. */
function poolOf(address: Address, pools: readonly IpPool[]): IpPool | undefined {
  const near = pools.filter(
    ({ family, subnet }) => family === familyOf(address) && rangeContains(subnet.range, address)
  )
  return near.find(({ usable }) => usable.has(address)) ?? near[0]
}

/**
 * When it was on the clock of this boot, from the clock on the wall, which may have jumped. Too early does no
 * harm: a DEL counts then. Too late does little: the pod that is gone is found by its namespace.
 */
function boottimeOf(wallMs: number, clock: Clock): bigint {
  const now = clock.bootNs()
  const ago = BigInt(Math.max(0, Math.round((clock.wallMs() - wallMs) * 1e6)))
  return ago > now ? 0n : now - ago
}
