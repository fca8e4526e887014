// The network configuration of the plugin that makes parents, parsed once.

import {
  parentKeys,
  type ParentWishes,
  readParentWishes
} from '../core/coordination/parent-wishes.ts'
import { Fields } from '../core/fields.ts'
import { CniError, cniCodes } from './cni-error.ts'
import { member } from './json-members.ts'
import type { NetConf } from './net-conf.ts'

/** Throws CniError 7 that names every key that is wrong. */
export function parseIfacerConf({ document }: NetConf): ParentWishes {
  const values = Object.fromEntries(
    parentKeys.map(key => [key, member(document, key.toLowerCase())])
  )
  const fields = new Fields('ifacer', values, [])
  const wishes = readParentWishes(fields)
  if (wishes !== undefined) return wishes
  throw new CniError(cniCodes.invalidConfig, `network configuration: ${fields.problems.join('; ')}`)
}
