// A sandbox in the columns that all tables have for it.

import type { Sandbox } from '../core/sandbox.ts'

export interface SandboxColumns {
  readonly netns: string
  readonly namespace_id: string | null
  readonly witness_path: string | null
  readonly witness_id: string | null
  readonly boot: string
  readonly began: bigint
}

export function sandboxToColumns({ path, namespace, witness, began }: Sandbox): SandboxColumns {
  return {
    netns: path,
    namespace_id: namespace ?? null,
    witness_path: witness?.path ?? null,
    witness_id: witness?.id ?? null,
    boot: began.boot,
    began: began.ns
  }
}

export function sandboxFromColumns(row: SandboxColumns): Sandbox {
  return {
    path: row.netns,
    began: { boot: row.boot, ns: row.began },
    ...(row.namespace_id !== null && { namespace: row.namespace_id }),
    ...(row.witness_path !== null &&
      row.witness_id !== null && { witness: { path: row.witness_path, id: row.witness_id } })
  }
}
