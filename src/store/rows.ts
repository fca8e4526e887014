// Rows of the tables and what they mean, in both directions.

import { type Address, addressFromBytes, addressToBytes } from '../core/address.ts'
import { assert } from '../core/assert.ts'
import type { Assignment, Attachment, Route } from '../core/attachment.ts'
import type { Tombstone } from '../core/tombstones.ts'
import type { CoolingAddress } from '../ports/attachment-store.ts'
import { type SandboxColumns, sandboxFromColumns, sandboxToColumns } from './sandbox-columns.ts'

type Integer = bigint

export interface AttachmentRow extends SandboxColumns {
  readonly id: Integer
  readonly network: string
  readonly container: string
  readonly ifname: string
  readonly pod_namespace: string | null
  readonly pod_name: string | null
  readonly pod_uid: string | null
  readonly demand: string
  readonly created_at: Integer
}

export interface AddressRow {
  readonly address: Uint8Array
  readonly prefix: number
  readonly pool: string
  readonly attachment: number | null
  readonly position: number
  readonly gateway: Uint8Array | null
  readonly routes: string
  readonly since: number | null
  readonly boot: string | null
}

export interface TombstoneRow {
  readonly id: Integer
  readonly network: string
  readonly container: string
  readonly ifname: string
  readonly boot: string
  readonly began: Integer
}

export function attachmentToRow({ key, pod, sandbox, demand, createdAtMs }: Attachment) {
  return {
    network: key.network,
    container: key.containerId,
    ifname: key.ifname,
    pod_namespace: pod.namespace ?? null,
    pod_name: pod.name ?? null,
    pod_uid: pod.uid ?? null,
    ...sandboxToColumns(sandbox),
    demand,
    created_at: Math.round(createdAtMs)
  }
}

export function attachmentFromRow(
  row: AttachmentRow,
  addresses: readonly AddressRow[]
): Attachment {
  return {
    key: { network: row.network, containerId: row.container, ifname: row.ifname },
    pod: {
      ...(row.pod_namespace !== null && { namespace: row.pod_namespace }),
      ...(row.pod_name !== null && { name: row.pod_name }),
      ...(row.pod_uid !== null && { uid: row.pod_uid })
    },
    sandbox: sandboxFromColumns(row),
    assignments: addresses.toSorted((a, b) => a.position - b.position).map(assignmentFromRow),
    demand: row.demand,
    createdAtMs: Number(row.created_at)
  }
}

export function assignmentToRow(
  assignment: Assignment,
  attachment: number | bigint,
  position: number
) {
  const { address, prefix, pool, gateway, routes } = assignment
  return {
    address: addressToBytes(address),
    prefix,
    pool,
    attachment,
    position,
    gateway: gateway === undefined ? null : addressToBytes(gateway),
    routes: JSON.stringify(routes)
  }
}

function assignmentFromRow(row: AddressRow): Assignment {
  return {
    address: addressOf(row.address),
    prefix: row.prefix,
    pool: row.pool,
    ...(row.gateway !== null && { gateway: addressOf(row.gateway) }),
    routes: JSON.parse(row.routes) as Route[]
  }
}

export function coolingFromRow({ address, prefix, pool, since, boot }: AddressRow): CoolingAddress {
  return {
    address: addressOf(address),
    prefix,
    pool,
    since: since ?? 0,
    boot: boot ?? ''
  }
}

export function tombstoneFromRow(row: TombstoneRow): Tombstone {
  return {
    key: { network: row.network, containerId: row.container, ifname: row.ifname },
    began: { boot: row.boot, ns: row.began }
  }
}

export function addressOf(bytes: Uint8Array): Address {
  const address = addressFromBytes(bytes)
  assert(address !== undefined, 'a stored address has 4 or 16 bytes')
  return address
}
