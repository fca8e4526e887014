// The composition root of the thread that serves the chained plugins: it looks at namespaces, plans, writes down and changes
// them one after the other, and neither waits for those that are asked for addresses nor keeps them waiting.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { carryOutChained } from './cni/chained-verbs.ts'
import type { PluginRequest } from './cni/plugin-request.ts'
import { serveCni } from './cni/server.ts'
import type { ChainedService } from './cni/service.ts'
import { type KeptCopy, type KeptText, openCoordinatorFiles } from './config/coordinator-files.ts'
import { defaultPoolDir } from './config/daemon-config.ts'
import { chainedSocket } from './core/chained-socket.ts'
import { StoreCorruptError } from './core/errors.ts'
import type { CoordinationStart, OfDaemon, OfThread } from './coordination-words.ts'
import { NodeCoordinator } from './coordinator/node-coordinator.ts'
import { NodeParents } from './coordinator/node-parents.ts'
import { remember } from './coordinator/remembering.ts'
import { Sweeper } from './coordinator/sweeper.ts'
import { writeDurably } from './host/durable-file.ts'
import { createNamespaceFiles } from './host/namespace-files.ts'
import { systemClock as clock } from './host/system-clock.ts'
import { listenAt } from './host/unix-socket.ts'
import { createNearKernel } from './kernel/near-kernel.ts'
import { SocketLedger } from './kernel/socket-ledger.ts'
import type { CoordinationJournal } from './ports/coordination-journal.ts'
import type { Coordinator } from './ports/coordinator.ts'
import { hasJournal, openJournal } from './store/open-journal.ts'
import { createLateChronicle } from './telemetry/late-chronicle.ts'
import { createLog } from './telemetry/log.ts'
import { ThreadLine } from './thread-line.ts'

assert.ok(parentPort, 'this is a thread, not a program')
const port = parentPort
const { config, boot, hasFacts, sockets } = workerData as CoordinationStart
const node = config.nodeName
const log = createLog({ level: config.log.level, node })
const begun = new AsyncDisposableStack()
const opening = open()

const line: ThreadLine<OfDaemon, OfThread> = new ThreadLine(port, {
  undo: async ({ key, began }) => (await opening).undo(key, began),
  begin: async () => void (await opening),
  live: () => undefined,
  close: async () => {
    await begun.disposeAsync()
    // After the answer.
    setImmediate(() => port.close())
  }
})

async function open(): Promise<Coordinator> {
  const database = openJournal(config.stateDir, boot, log)
  begun.defer(() => database.close())
  const journal = endingWhenDamaged(database)
  const kernel = createNearKernel({ log, sockets: new SocketLedger(sockets) })
  begun.defer(() => kernel.close())
  const directories = config.poolDirs ?? [defaultPoolDir].filter(existsSync)
  const cluster = await openCoordinatorFiles({ directories, copy: copyIn(config.stateDir), log })
  begun.defer(() => cluster.close())
  const probe = createNamespaceFiles(config.bootIdFile)
  const around = { deeds: remember(journal, log), probe, clock, log }
  const coordinator = new NodeCoordinator({
    ...{ ...around, kernel, journal, cluster, boot },
    prober: { announce: order => line.ask('announce', order) },
    told: pod => (hasFacts ? line.ask('annotationsOf', pod) : undefined)
  })
  begun.defer(() => coordinator.close())
  const { everySeconds, graceSeconds } = config.reconcile
  const times = { everyMs: everySeconds * 1_000, graceMs: graceSeconds * 1_000 }
  const sweeper = new Sweeper({ ...around, ...times, coordinator })
  begun.defer(() => sweeper.close())
  const chronicle = createLateChronicle(events => line.tell('note', events))
  begun.defer(() => chronicle.flush())
  const service: ChainedService = {
    ...{ coordinator, parentMaker: new NodeParents({ kernel, clock, log }) },
    ...{ clock, chronicle, probe, boot, node },
    collect: (what, timeoutMs) => line.ask('collect', { ...what, timeoutMs })
  }
  const carryOut = (request: PluginRequest) => carryOutChained(request, service)
  const desk = { clock, chronicle, carryOut }
  const cni = await serveCni(chainedSocket(config.socket), listenAt, desk, log)
  begun.defer(() => cni.stop())
  return coordinator
}

/** The next thread puts it aside, or makes one where somebody has removed it. */
function endingWhenDamaged(journal: CoordinationJournal): CoordinationJournal {
  return {
    load: () => journal.load(),
    commit: changes => {
      try {
        journal.commit(changes)
      } catch (error) {
        if (error instanceof StoreCorruptError || !hasJournal(config.stateDir, boot)) {
          setImmediate(() => {
            throw error
          })
        }
        throw error
      }
    }
  }
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
