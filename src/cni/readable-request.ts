// What all verbs but DEL need before anything else: that verb and configuration can be read, and go together.

import { CniError, cniCodes } from './cni-error.ts'
import { isAtLeast, type Verb, verbs, verbSince } from './cni-version.ts'
import { type NetConf, parseNetConf } from './net-conf.ts'
import type { PluginRequest } from './plugin-request.ts'

export interface ReadableRequest {
  readonly verb: Exclude<Verb, 'DEL'>
  readonly conf: NetConf
}

/** Throws CniError 1, 4, 6 or 7. */
export function readable({ verb, conf: text }: PluginRequest): ReadableRequest {
  if (!isVerb(verb)) {
    throw new CniError(cniCodes.badEnvironment, `environment: CNI_COMMAND ${verb} is unknown`)
  }
  const conf = parseNetConf(text)
  if (isAtLeast(conf.cniVersion, verbSince[verb])) return { verb, conf }
  throw new CniError(
    cniCodes.incompatibleVersion,
    `config version does not allow ${verb}: cniVersion is ${conf.cniVersion}, ${verb} came with ${verbSince[verb]}`
  )
}

/** A plugin that this door does not serve. Its DEL gets no answer: the queue knows whose it is. */
export function unserved({ role, verb }: PluginRequest): Error {
  if (verb === 'DEL') return new Error(`DEL of ${role} is left to the queue`)
  return new CniError(
    cniCodes.invalidConfig,
    `the plugin ${role} is not served here by this release of orbweaverd; install its own release together with it`
  )
}

/** DEL is carried out before anything else is looked at. */
function isVerb(text: string): text is Exclude<Verb, 'DEL'> {
  return text !== 'DEL' && (verbs as readonly string[]).includes(text)
}
