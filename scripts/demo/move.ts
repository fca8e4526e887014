// A pod that has to keep its address moves to another node: custody of that one address goes there first.

import { paint, whileShowing } from '../terminal.ts'
import { ownerOf } from '../lab/blocks.ts'
import { eventually } from '../lab/command.ts'
import { plain } from '../lab/runtime.ts'
import type { Node } from './node.ts'
import { type Players, pingRows, showPings, showPods, shownOf, startPod } from './players.ts'
import { claim, say, step, strong } from './telling.ts'

export async function moveAddress(players: Players): Promise<void> {
  const { nodes, pods, stage } = players
  const [n1, , n3] = nodes
  step('One address moves')
  const old = await startPod(players, n1, 'db-0')
  if (old === undefined) return
  const address = plain(old)[0] ?? ''
  claim((await shownOwner(n3, address, n1)) === n1.name, `${address} is ${n1.name}'s`)
  const deleteMs = await n1.runtime.delete(old)
  pods.delete(old.name)
  await stage.network?.removePod(`pod-${old.name}`)
  say(
    `db-0 had ${paint('bold', address)} on ${n1.name}, and is deleted there in ${strong(deleteMs)}.`
  )
  say(`It is to come back on ${n3.name}, with the same address:`, '')
  const began = performance.now()
  const said = await n3.command('transfer', address)
  const ms = performance.now() - began
  say(paint('cyan', `${n3.name}$ orbweaverd transfer ${address}`), ...said.split('\n'))
  say(`That took ${strong(ms)}, with the start of the command.`, '')
  const moved = await startPod(players, n3, 'db-0', address)
  if (moved === undefined) return
  claim(plain(moved).includes(address), `db-0 has ${address} again`)
  showPods([moved])
  const asking = Promise.all(nodes.map(node => shownOwner(node, address, n3)))
  const owners = await whileShowing('   waiting until all know', asking)
  claim(
    owners.every(owner => owner === n3.name),
    `all know that ${address} is ${n3.name}'s`
  )
  say('', `All three nodes say now that ${address} is ${n3.name}'s.`)
  const from = pods.get('web-2')
  if (stage.network === undefined || from === undefined) return
  say('')
  showPings(await whileShowing('   pinging', pingRows([[from, moved, address]])))
}

/** As `node` sees it, once that is `expected`: it may be the last one to hear of it. */
async function shownOwner(node: Node, address: string, expected: Node): Promise<string> {
  return eventually(`${node.name} knows whose ${address} is`, async () => {
    const owner = ownerOf(shownOf(await node.admin.domains()), address)
    return owner === expected.name ? owner : undefined
  })
}
