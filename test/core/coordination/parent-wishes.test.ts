// What ifacer is told, as people write it: what is meant, and what is refused with which words.

import t from 'tap'
import {
  parentKeys,
  type ParentWishes,
  readParentWishes
} from '../../../src/core/coordination/parent-wishes.ts'
import { Fields } from '../../../src/core/fields.ts'
import { ip } from '../../support/samples.ts'

function read(written: object): ParentWishes | readonly string[] {
  const fields = new Fields('ifacer', written as Readonly<Record<string, unknown>>, [])
  return readParentWishes(fields) ?? fields.problems
}

const two = { interfaces: ['eth1', 'eth2'] }
const bond = (options: string) => ({ ...two, bond: { name: 'bond0', mode: 1, options } })

t.same(parentKeys, ['interfaces', 'vlanID', 'bond'], 'by the names of Spiderpool')

t.test('what is meant', async t => {
  const plain = { name: 'sp_bond0', mode: 0, options: { numbers: {} } }
  const rows: [string, object, ParentWishes][] = [
    ['an interface', { interfaces: ['eth1'] }, { interfaces: ['eth1'] }],
    ['no VLAN', { interfaces: ['eth1'], vlanID: 0 }, { interfaces: ['eth1'] }],
    ['a VLAN', { interfaces: ['eth1'], vlanID: 4094 }, { interfaces: ['eth1'], vlanId: 4094 }],
    ['a bond', { ...two, bond: {} }, { ...two, bond: plain }],
    [
      'a VLAN of a bond',
      { ...two, vlanID: 7, bond: { name: '', options: '' } },
      { ...two, vlanId: 7, bond: plain }
    ],
    [
      'a mode by its word',
      { ...two, bond: { mode: '802.3ad' } },
      { ...two, bond: { ...plain, mode: 4 } }
    ],
    [
      'options, as the driver and as Spiderpool name them',
      bond(
        ' miimon=100; up_delay=200;xmit_hash_policy=layer3+4;use_carrier=0;lacp_rate=1;' +
          'primary=eth2;ad_actor_system=02:00:00:00:00:0A;arp_ip_target=["10.0.0.1","10.0.0.2"];'
      ),
      {
        ...two,
        bond: {
          ...{ name: 'bond0', mode: 1 },
          options: {
            numbers: {
              miimon: 100,
              updelay: 200,
              xmit_hash_policy: 1,
              use_carrier: 0,
              lacp_rate: 1
            },
            ...{ primary: 'eth2', adActorSystem: '02:00:00:00:00:0a' as never },
            arpIpTargets: [ip('10.0.0.1'), ip('10.0.0.2')]
          }
        }
      }
    ]
  ]
  for (const [what, written, meant] of rows) t.same(read(written), meant, what)
})

t.test('what is refused', async t => {
  const rows: [object, RegExp][] = [
    [{}, /interfaces: is missing; must name an interface of the host/],
    [{ interfaces: [] }, /interfaces: \[\] must name/],
    [{ interfaces: 'eth1' }, /interfaces: "eth1" must be a list/],
    [{ interfaces: ['eth1', 7] }, /interfaces\[1\]: 7 must be a text/],
    [{ interfaces: ['a/b'] }, /interfaces\[0\]: "a\/b" must be the name of an interface/],
    [{ ...bond(''), interfaces: ['eth1', 'eth1'] }, /interfaces\[1\]: "eth1" is there twice/],
    [{ interfaces: ['eth1'], vlanID: 4095 }, /vlanID: 4095 must be a whole number from 1 to 4094/],
    [{ interfaces: ['eth1'], vlanID: -1 }, /vlanID: -1 must/],
    [{ interfaces: ['eth1'], vlanID: '7' }, /vlanID: "7" must/],
    [{ interfaces: ['enp129s0f0np0'], vlanID: 10 }, /enp129s0f0np0\.10 .*more than 15 bytes/],
    [two, /eth1, eth2 are to be a bond, which bond has to describe/],
    [{ interfaces: ['eth1'], bond: {} }, /bond: {} needs two interfaces or more/],
    [{ ...two, bond: 'bond0' }, /bond: "bond0" must be a map/],
    [{ ...two, bond: { name: 'eth1' } }, /bond\.name: "eth1" is one of the interfaces/],
    [{ ...two, bond: { mode: 7 } }, /bond\.mode: 7 must be 0 \(balance-rr\).*6 \(balance-alb\)/],
    [{ ...two, bond: { mod: 1 } }, /bond\.mod: unknown key; known are name, mode, options/],
    [bond('miimon'), /options: miimon= must be a whole number/],
    [bond('mimon=100'), /options: mimon=100 is unknown; known are miimon, .*arp_ip_target/],
    [bond('miimon=1;miimon=2'), /miimon=2 is said twice/],
    [bond('updelay=1;up_delay=2'), /up_delay=2 is said twice/],
    [bond('lacp_rate=2'), /lacp_rate=2 must be 0 \(slow\), 1 \(fast\)/],
    [bond('primary=eth7'), /primary=eth7 must be one of the interfaces eth1, eth2/],
    [bond('arp_ip_target=fd00::1'), /arp_ip_target=fd00::1 must be 1 to 16 IPv4 addresses/],
    [bond(`arp_ip_target=${'10.0.0.1,'.repeat(16)}10.0.0.2`), /1 to 16 IPv4/],
    [bond('ad_actor_system=02:00'), /must be a hardware address/],
    [bond('active_slave=eth1'), /name the one that is preferred as primary/]
  ]
  for (const [written, problem] of rows) {
    const found = read(written)
    t.match(Array.isArray(found) ? found.join('; ') : found, problem, JSON.stringify(written))
  }
})
