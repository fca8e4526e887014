// The files of pool documents that are applied over the admin socket: one a document, in the first pool directory. A
// file that somebody else keeps is never touched.

import { rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { stringify } from 'yaml'
import type { PoolDesk, PoolName } from '../ports/pool-desk.ts'
import type { PoolDocument, PoolSource } from '../ports/pool-source.ts'
import { poolApiVersion, readPoolText } from './pool-text.ts'

const mark =
  '# Written by orb apply, which replaces it and orb delete removes it; changes by hand are lost.\n'

/** What people call a text that came over the socket, where problems say where they stand. */
const label = 'what was sent'

export interface PoolDeskOptions {
  readonly directory: string
  readonly source: Pick<PoolSource, 'read'>
  /** Write a whole file that is there after a loss of power, or not at all. */
  readonly write: (path: string, content: string, mode: number) => void
  readonly synchronise: (directory: string) => void
}

export function createPoolDesk(options: PoolDeskOptions): PoolDesk {
  const { directory, source, write, synchronise } = options
  const pathOf = (name: PoolName) => join(directory, fileName(name))
  return {
    directory,
    parse: text => {
      const format = text.trimStart().startsWith('{') ? 'json' : 'yaml'
      return readPoolText({ text, format, label, file: '' })
    },
    read: () => source.read(),
    isOwn: document => {
      const { file } = document
      return (
        file !== undefined && dirname(file) === directory && basename(file) === fileName(document)
      )
    },
    put: document => {
      write(pathOf(document), mark + textOf(document), 0o644)
      return Promise.resolve()
    },
    remove: name => {
      rmSync(pathOf(name))
      synchronise(directory)
      return Promise.resolve()
    }
  }
}

/** Names are DNS names, so they are fit for files. */
function fileName({ kind, name }: PoolName): string {
  return `orb.${kind.toLowerCase()}.${name}.yaml`
}

function textOf({ kind, name, annotations, spec }: PoolDocument): string {
  const metadata = { name, ...(annotations !== undefined && { annotations }) }
  return stringify({ apiVersion: poolApiVersion, kind, metadata, spec })
}
