// A state directory of host-local with many addresses taken. Filling it takes minutes, because each ADD
// reads every file there, so a run fills one and copies it.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { breathe } from './command.ts'
import { nextContainerId } from './container-ids.ts'
import { addMany, type Arena, hostLocal } from './contestants.ts'
import type { Run } from './group.ts'

export const takenMany = 5_000

const fillAtOnce = 4
const fillStep = 100

const filled = new WeakMap<Run, string>()

/** A data directory of its own with this many taken. */
export async function hostLocalState(run: Run, arena: Arena, taken: number): Promise<string> {
  const dataDir = join(run.stage.directory('host-local'), 'data')
  if (taken === 0) return dataDir
  let source = filled.get(run)
  if (source === undefined) {
    source = join(run.stage.directory('host-local'), 'data')
    if (run.quick) fillDirectly(run, source, taken)
    else await fill(arena, source, taken)
    filled.set(run, source)
  }
  cpSync(source, dataDir, { recursive: true })
  return dataDir
}

async function fill(arena: Arena, dataDir: string, taken: number): Promise<void> {
  const contestant = hostLocal(arena, dataDir)
  for (let done = 0; done < taken; done += fillStep) {
    const count = Math.min(fillStep, taken - done)
    addMany(contestant, { count, atOnce: fillAtOnce }, arena.output)
    await breathe()
  }
}

/** The same files: the address as the name; the container and the interface as content. */
function fillDirectly(run: Run, dataDir: string, taken: number): void {
  const directory = join(dataDir, 'bench')
  mkdirSync(directory, { recursive: true })
  let address = ''
  for (let i = 2; i < taken + 2; i++) {
    address = `10.0.${i >> 8}.${i & 255}`
    writeFileSync(join(directory, address), `${nextContainerId()}\r\neth0`)
  }
  writeFileSync(join(directory, 'last_reserved_ip.0'), address)
  run.note(`--quick: the ${taken} taken addresses of host-local are files, not ADDs`)
}
