// The part of the composition root that concerns the coordinator.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type DaemonConfig, defaultPoolDir } from './config/daemon-config.ts'
import { type KeptCopy, type KeptText, openCoordinatorFiles } from './config/coordinator-files.ts'
import { NodeCoordinator } from './coordinator/node-coordinator.ts'
import { NodeParents } from './coordinator/node-parents.ts'
import { remember } from './coordinator/remembering.ts'
import { Sweeper } from './coordinator/sweeper.ts'
import { writeDurably } from './host/durable-file.ts'
import { systemClock as clock } from './host/system-clock.ts'
import { createLateKernel } from './kernel/late-kernel.ts'
import type { CoordinationJournal } from './ports/coordination-journal.ts'
import type { Coordinator } from './ports/coordinator.ts'
import type { LinkProber } from './ports/link-prober.ts'
import type { Log } from './ports/log.ts'
import type { ParentMaker } from './ports/parent-maker.ts'
import type { PodFacts } from './ports/pod-facts.ts'
import type { SandboxProbe } from './ports/sandbox-probe.ts'

export interface CoordinationParts {
  readonly config: DaemonConfig
  readonly journal: CoordinationJournal
  readonly facts: PodFacts
  readonly probe: SandboxProbe
  readonly prober: LinkProber
  readonly boot: string
  readonly log: Log
}

export interface Coordination {
  readonly coordinator: Coordinator
  readonly parentMaker: ParentMaker
}

/** Build it, and put its end on `begun`. */
export async function openCoordination(
  begun: AsyncDisposableStack,
  { config, journal, facts, probe, prober, boot, log }: CoordinationParts
): Promise<Coordination> {
  const kernel = createLateKernel(log)
  begun.defer(() => kernel.close())
  const directories = config.poolDirs ?? [defaultPoolDir].filter(existsSync)
  const copy = copyIn(config.stateDir)
  const cluster = await openCoordinatorFiles({ directories, copy, log })
  begun.defer(() => cluster.close())
  const deeds = remember(journal, boot, log)
  const around = { deeds, probe, clock, log }
  const coordinator = new NodeCoordinator({
    ...around,
    kernel,
    journal,
    cluster,
    facts,
    prober,
    boot
  })
  begun.defer(() => coordinator.close())
  const { everySeconds, graceSeconds } = config.reconcile
  const times = { everyMs: everySeconds * 1_000, graceMs: graceSeconds * 1_000 }
  const sweeper = new Sweeper({ ...around, ...times, coordinator })
  begun.defer(() => sweeper.close())
  return { coordinator, parentMaker: new NodeParents({ kernel, clock, log }) }
}

/** The last good SpiderCoordinator; what is wrong with the copy itself is as if there were none. */
function copyIn(stateDir: string): KeptCopy {
  const path = join(stateDir, 'coordinator.json')
  return {
    read: () => {
      try {
        const { file, text } = JSON.parse(readFileSync(path, 'utf8')) as Partial<KeptText>
        return typeof file === 'string' && typeof text === 'string' ? { file, text } : undefined
      } catch {
        return undefined
      }
    },
    write: kept => {
      if (kept === undefined) rmSync(path, { force: true })
      else writeDurably(path, JSON.stringify(kept))
    }
  }
}
