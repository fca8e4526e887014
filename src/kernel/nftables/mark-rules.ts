// What is in the mark table, for both families at once. A flow that comes in by `link` is remembered as one of those,
// and what is sent back in it bears the mark, by which a rule of routing finds the way back.
//
//     table inet orbweaver {
//       chain prerouting {
//         type filter hook prerouting priority mangle
//         iifname "veth0" ct state new ct mark set ct mark | 0x1 meta mark set meta mark | 0x1
//         ct direction reply ct mark & 0x1 == 0x1 meta mark set meta mark | 0x1
//       }
//       chain output {
//         type route hook output priority mangle
//         ct mark & 0x1 == 0x1 meta mark set meta mark | 0x1
//       }
//     }
//
// The second rule is for replies that the pod forwards. The chain of outgoing packets is of the type `route`, since a
// mark that comes after the choice of a route has to make it be chosen again.

import type { MarkTable } from '../view.ts'
import {
  compare,
  type Expression,
  linkName,
  loadConnection,
  loadMeta,
  maskAndFlip,
  setConnection,
  setMeta,
  word
} from './expressions.ts'

export const tableName = 'orbweaver'

export interface Chain {
  readonly name: string
  readonly type: 'filter' | 'route'
  /** NF_INET_PRE_ROUTING, NF_INET_LOCAL_OUT. */
  readonly hook: number
  readonly rules: readonly (readonly Expression[])[]
}

/** NF_IP_PRI_MANGLE: behind connection tracking, before addresses are translated. */
export const priority = -150

/** NF_CT_STATE_BIT(IP_CT_NEW). */
const stateNew = 8
const directionReply = Buffer.from([1])

export function markChains({ link, mark }: MarkTable): readonly Chain[] {
  const isNew = [loadConnection('state'), maskAndFlip(stateNew, 0), compare('different', word(0))]
  const isMarked = [loadConnection('mark'), maskAndFlip(mark, 0), compare('equal', word(mark))]
  const markConnection = [loadConnection('mark'), maskAndFlip(~mark, mark), setConnection('mark')]
  const markPacket = [loadMeta('mark'), maskAndFlip(~mark, mark), setMeta('mark')]
  const comesBy = [loadMeta('incomingName'), compare('equal', linkName(link))]
  const isReply = [loadConnection('direction'), compare('equal', directionReply)]
  return [
    {
      name: 'prerouting',
      type: 'filter',
      hook: 0,
      rules: [
        [...comesBy, ...isNew, ...markConnection, ...markPacket],
        [...isReply, ...isMarked, ...markPacket]
      ]
    },
    { name: 'output', type: 'route', hook: 3, rules: [[...isMarked, ...markPacket]] }
  ]
}
