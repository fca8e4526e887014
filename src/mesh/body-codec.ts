// One codec for each type of message, found by its name.

import type { Body, BodyOf } from '../core/protocol.ts'
import { deltaCodec, digestCodec, summaryCodec } from './entropy-codec.ts'
import { collectCodec, collectedCodec, confirmCodec, confirmedCodec } from './reclaim-codec.ts'
import { rumourCodec } from './rumour-codec.ts'
import { greetedCodec, helloCodec, rebuffCodec, welcomeCodec } from './session-codec.ts'
import { askCodec, grantCodec, noCodec, takenCodec } from './transfer-codec.ts'
import { fail, fieldsOf, textOf, type Wire } from './wire-fields.ts'
import { textMax } from './wire-limits.ts'

export interface BodyCodec<B extends Body> {
  readonly write: (body: B) => Wire[]
  /** How many fields must be there. */
  readonly fields: number
  /** Throws FrameInvalidError. */
  readonly read: (fields: readonly unknown[]) => B
}

const codecs: { readonly [Type in Body['type']]: BodyCodec<BodyOf<Type>> } = {
  Hello: helloCodec,
  Welcome: welcomeCodec,
  Greeted: greetedCodec,
  Rebuff: rebuffCodec,
  Ask: askCodec,
  Grant: grantCodec,
  No: noCodec,
  Taken: takenCodec,
  Digest: digestCodec,
  Summary: summaryCodec,
  Delta: deltaCodec,
  Collect: collectCodec,
  Collected: collectedCodec,
  Confirm: confirmCodec,
  Confirmed: confirmedCodec,
  Rumour: rumourCodec
}

/** By name; a Map, since names come from outside and objects have more keys than their own. */
const byName: ReadonlyMap<string, BodyCodec<Body>> = new Map(
  Object.entries(codecs) as [string, BodyCodec<Body>][]
)

export function bodyToWire(body: Body): Wire {
  const codec = codecs[body.type] as BodyCodec<Body>
  return codec.write(body)
}

export function bodyFromWire(type: unknown, value: unknown): Body {
  const name = textOf(type, textMax.word, 'type')
  const codec = byName.get(name)
  if (codec === undefined) fail(`a message of the unknown type ${name}`)
  return codec.read(fieldsOf(value, codec.fields, name))
}
