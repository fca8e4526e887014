// What the figures depend on and the project cannot change.

import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release } from 'node:os'
import { join } from 'node:path'
import { median } from './statistics.ts'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly node: string
  readonly kernel: string
  /** The type of the file system under test, as statfs(2) numbers it. */
  readonly fileSystem: string
  /** 4 KiB appended to a file and synchronised, the median. */
  readonly fdatasyncUs: number
  /** Runnable processes over the last minute when the run began: others make figures worse. */
  readonly load: number
  readonly date: string
}

export function describeMachine(directory: string): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    kernel: release(),
    fileSystem: `0x${statfsSync(directory).type.toString(16)}`,
    fdatasyncUs: Math.round(timeFdatasync(directory)),
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
    date: new Date().toISOString()
  }
}

function timeFdatasync(directory: string): number {
  const path = join(directory, 'fdatasync')
  const file = openSync(path, 'w')
  const block = Buffer.alloc(4096, 1)
  const times: number[] = []
  for (let i = 0; i < 200; i++) {
    const started = process.hrtime.bigint()
    writeSync(file, block)
    fdatasyncSync(file)
    times.push(Number(process.hrtime.bigint() - started) / 1_000)
  }
  closeSync(file)
  rmSync(path)
  return median(times)
}
