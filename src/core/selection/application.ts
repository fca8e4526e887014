// Applications that reserve addresses of a SpiderSubnet: whom a reservation is for, and how large it is. Where
// Spiderpool makes a pool for each, addresses are kept for it here, under the name that the pool would have.

import type { Family } from '../address.ts'
import { podKeys } from './annotation-keys.ts'
import type { Annotations, Owner, Workload, WorkloadReference } from './facts.ts'

/** `ippool-ip-number`: so many, or so many more than it has pods. */
export type SizeWish =
  | { readonly type: 'Fixed'; readonly count: number }
  | { readonly type: 'Spare'; readonly count: number }

/** Read from the words in which addresses are kept for it. */
export interface Application extends WorkloadReference {
  readonly ifname: string
  /** Empty: whichever of the name there is, also when it is made anew. */
  readonly uid: string
}

const prefix = 'app'
const sizePattern = /^(\+?)(\d{1,6})$/
/** So much of a uid tells one application from another of the same name. */
const uidDigits = 5

/** A sentence when it cannot be understood. */
export function sizeWishOf(annotations: Annotations, spare: number): SizeWish | string {
  const text = annotations[podKeys.ipNumber]
  if (text === undefined) return { type: 'Spare', count: spare }
  const [, plus, digits] = sizePattern.exec(text.trim()) ?? []
  if (digits === undefined) {
    return `${podKeys.ipNumber}: "${text}" must be a number of addresses, like 5, or one more than there are pods: +1`
  }
  return { type: plus === '+' ? 'Spare' : 'Fixed', count: Number(digits) }
}

/** How many addresses that is; undefined when it depends on a number of pods that nobody tells. */
export function sizeOf(wish: SizeWish, replicas: number | undefined): number | undefined {
  if (wish.type === 'Fixed') return wish.count
  return replicas === undefined ? undefined : replicas + wish.count
}

/** Does its reservation end with it? A sentence when that cannot be understood. */
export function reclaimOf(annotations: Annotations): boolean | string {
  const text = annotations[podKeys.reclaim] ?? 'true'
  if (text === 'true' || text === 'false') return text === 'true'
  return `${podKeys.reclaim}: "${text}" must be "true" or "false"`
}

/** In whose words an address of this interface is kept: `app/apps/Deployment/default/web/eth0/1a2b3`. */
export function reservationOf(
  { apiVersion, kind, name, uid }: Owner,
  namespace: string,
  ifname: string,
  isReclaimed: boolean
): string {
  const slash = apiVersion.lastIndexOf('/')
  const group = slash < 0 ? '' : apiVersion.slice(0, slash)
  const mark = isReclaimed ? uidMark(uid) : ''
  return [prefix, group, kind, namespace, name, ifname, mark].join('/')
}

/** Undefined for what is kept for a single pod. */
export function applicationOf(holder: string): Application | undefined {
  const [first, group, kind, namespace, name, ifname, uid, ...rest] = holder.split('/')
  if (first !== prefix || kind === undefined || namespace === undefined || name === undefined) {
    return undefined
  }
  if (group === undefined || ifname === undefined || uid === undefined || rest.length > 0) {
    return undefined
  }
  const apiVersion = group === '' ? 'v1' : `${group}/v1`
  return { apiVersion, kind, namespace, name, ifname, uid }
}

/** Another application has the name now. */
export function isAnother({ uid }: Application, workload: Workload): boolean {
  return uid !== '' && workload.uid !== undefined && uidMark(workload.uid) !== uid
}

/** The pool that Spiderpool would have made: `auto4-web-eth0-1a2b3`. */
export function autoPoolName({ name, ifname, uid }: Application, family: Family): string {
  const parts = [`auto${family}`, name, ifname, ...(uid === '' ? [] : [uid])]
  return parts.join('-').toLowerCase().slice(0, 253)
}

/** The first digits of the last block, as Spiderpool has them in names. */
function uidMark(uid = ''): string {
  return (uid.split('-').at(-1) ?? '').slice(0, uidDigits)
}
