// The section `http`: where people and scrapers ask over TCP.

import * as v from 'valibot'
import { type Endpoint, parseEndpoint } from '../core/endpoint.ts'
import { absolutePath, isSection } from './values.ts'

export interface HttpConfig {
  readonly listen: Endpoint
  /** Names under which this node is asked, beside its addresses and its own name. */
  readonly hosts: readonly string[]
  /** Who has what is in it may give orders; absent: nobody may over TCP. */
  readonly tokenFile?: string | undefined
}

const isEndpoint = 'must be an address and a port: 127.0.0.1:5711 or [::1]:5711'

export const httpSection = v.strictObject(
  {
    listen: v.pipe(
      v.string(isEndpoint),
      v.transform(parseEndpoint),
      v.custom<Endpoint>(endpoint => endpoint !== undefined, isEndpoint)
    ),
    hosts: v.optional(v.array(v.string(), 'must be a list of names'), []),
    tokenFile: v.optional(absolutePath)
  },
  isSection
)
