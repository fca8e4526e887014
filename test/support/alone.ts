// The parts of a house that has no other nodes beside it.

import type { HouseParts } from '../../src/actors/house.ts'
import { allRules } from '../../src/core/lease/rules.ts'
import { createNoMesh } from '../../src/mesh/no-mesh.ts'
import { systemRandom } from '../../src/host/system-random.ts'
import { noChronicle } from '../../src/telemetry/no-chronicle.ts'

export function aloneParts(
  boot: string
): Pick<
  HouseParts,
  | 'boot'
  | 'chronicle'
  | 'node'
  | 'machine'
  | 'founds'
  | 'confirm'
  | 'rules'
  | 'session'
  | 'mesh'
  | 'random'
  | 'onAsked'
  | 'onEnded'
> {
  return {
    boot,
    chronicle: noChronicle,
    node: 'node-1',
    machine: 'machine-1',
    founds: true,
    confirm: 'reachable',
    rules: allRules,
    session: '00000000000000aa',
    mesh: createNoMesh('peer-1'),
    random: systemRandom,
    onAsked: () => Promise.reject(new Error('nobody asks')),
    onEnded: why => {
      throw new Error(why)
    }
  }
}
