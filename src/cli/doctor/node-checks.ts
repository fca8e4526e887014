// What the daemon says of itself and of the others.

import type { ActorsView, ActorTree } from '../../admin/actors.ts'
import type { PeersView, RegistryView } from '../../admin/cluster-views.ts'
import type { StatusView } from '../../admin/reports.ts'
import type { PoolsView } from '../../admin/views.ts'
import type { Orb } from '../orb.ts'
import { ageText } from '../table.ts'
import { type Finding, ok, wrong } from './finding.ts'

/** Half full, and it has not been emptied since it was looked at. */
const mailboxShare = 0.5

export async function nodeFindings(orb: Orb): Promise<Finding[]> {
  const status = await orb.look<StatusView>('/v1/status')
  if (!status.serving) return [servingFinding(status)]
  const [pools, peers, registry, actors] = await Promise.all([
    orb.look<PoolsView>('/v1/pools'),
    orb.look<PeersView>('/v1/peers'),
    orb.look<RegistryView>('/v1/registry'),
    orb.look<ActorsView>('/v1/actors')
  ])
  return [
    servingFinding(status),
    poolsFinding(pools),
    peersFinding(peers),
    registryFinding(registry),
    actorsFinding(actors)
  ]
}

function servingFinding({ node, serving, why, draining, notServing = [] }: StatusView): Finding {
  const check = 'serving'
  if (!serving) {
    const what = `${node} serves nothing: ${why ?? 'it does not say why'}`
    return wrong(check, 'problem', what, 'docs/operating.md, "Replacing a disk"')
  }
  if (draining === true) {
    return wrong(
      check,
      'warning',
      `${node} is being drained`,
      'orb node undrain, when that is over'
    )
  }
  const [first] = notServing
  if (first === undefined) return ok(check, `${node} serves all of its subnets`)
  const what = `${first.domain}: nothing is handed out: ${first.why}`
  return wrong(check, 'problem', what, 'orb blocks shows whom it waits for')
}

function poolsFinding({ pools, problems }: PoolsView): Finding {
  const check = 'pools'
  const [problem] = problems
  if (problem !== undefined) {
    const what = `${problems.length} documents are not in force: ${problem.source}: ${problem.problem}`
    return wrong(check, 'warning', what, 'orb pools shows all of them; correct the files')
  }
  if (pools.length === 0) return wrong(check, 'problem', 'there is no pool', 'orb apply -f FILE')
  return ok(check, `${pools.length} in force`)
}

function peersFinding({ peers }: PeersView): Finding {
  const check = 'peers'
  const silent = peers.filter(({ connected, session }) => !connected || !session)
  if (silent.length === 0) return ok(check, `${peers.length} other members, all reachable`)
  const who = silent.map(({ node, silentSeconds }) =>
    silentSeconds === undefined ? `${node} (never heard)` : `${node} (${ageText(silentSeconds)})`
  )
  const what = `${silent.length} of ${peers.length} cannot be reached: ${who.join(', ')}`
  const todo =
    'look at the network between the nodes and at their daemons; a machine that is off for good is removed'
  return wrong(check, silent.length === peers.length ? 'problem' : 'warning', what, todo)
}

function registryFinding({ head, trouble }: RegistryView): Finding {
  const check = 'registry'
  if (trouble === undefined) return ok(check, `${head} records`)
  return wrong(
    check,
    'problem',
    trouble,
    'docs/operating.md, "REGISTRY_ROLLBACK"; else the way to the registrar'
  )
}

function actorsFinding({ guardian }: ActorsView): Finding {
  const check = 'actors'
  const all = guardian.children.flatMap(flat)
  const full = all.find(({ waiting, mailboxLimit }) => waiting > mailboxLimit * mailboxShare)
  if (full !== undefined) {
    const what = `${full.path} has ${full.waiting} messages waiting`
    return wrong(check, 'problem', what, 'orb shell -c "trace PATH" shows what it does; report it')
  }
  const failed = all.find(({ lastError }) => lastError !== undefined)
  if (failed === undefined) return ok(check, `${all.length} live, none has crashed`)
  const what = `${failed.path} crashed at ${failed.lastError?.at ?? ''}: ${failed.lastError?.message ?? ''}`
  return wrong(check, 'warning', what, 'a mistake of ours: report it with a support bundle')
}

function flat(tree: ActorTree): ActorTree[] {
  return [tree, ...tree.children.flatMap(flat)]
}

/** The time of the latest record, in milliseconds. */
export function latestRecord({ records }: RegistryView): number | undefined {
  const times = records.flatMap(({ atMs }) => (typeof atMs === 'number' ? [atMs] : []))
  return times.length === 0 ? undefined : Math.max(...times)
}
