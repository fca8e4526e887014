// Compile the plugin: one small static binary without anything it needs at run time.

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src', 'cni', 'plugin.c')

const warnings = [
  ...['all', 'extra', 'pedantic', 'error', 'shadow', 'conversion', 'sign-conversion', 'format=2'],
  ...['cast-qual', 'cast-align', 'strict-prototypes', 'missing-prototypes', 'vla', 'undef'],
  ...['write-strings', 'switch-enum', 'null-dereference']
].map(name => `-W${name}`)

// What the kernel does not have to map, protect or read, nobody waits for.
const small = [
  ...['-O2', '-static', '-no-pie', '-fno-pie', '-fno-asynchronous-unwind-tables', '-s'],
  ...['-ffunction-sections', '-fdata-sections', '-Wl,--gc-sections', '-Wl,--build-id=none'],
  '-Wl,-z,norelro,-z,noseparate-code'
]

export interface PluginBuild {
  /** Default: build/orbweaver */
  readonly output?: string
  /** Default: musl-gcc where there is one, else cc */
  readonly cc?: string
  /** Instead of the ones for a small static binary */
  readonly flags?: readonly string[]
}

/** Returns the path of the binary. */
export function buildPlugin({ output, cc, flags = small }: PluginBuild = {}): string {
  const binary = output ?? join(root, 'build', 'orbweaver')
  const compiler = cc ?? findCompiler()
  mkdirSync(dirname(binary), { recursive: true })
  const run = spawnSync(compiler, ['-std=gnu11', ...warnings, ...flags, '-o', binary, source], {
    encoding: 'utf8'
  })
  if (run.error !== undefined) throw new Error(`${compiler} cannot be run: ${run.error.message}`)
  if (run.status !== 0) {
    const hint = run.stderr.includes('cannot find -lc')
      ? '\nThere is no static C library: install glibc-static, or musl-tools and use musl-gcc.'
      : ''
    throw new Error(`${compiler} could not build the plugin:\n${run.stderr}${hint}`)
  }
  return binary
}

/** Is there a command of this name that can be run? */
function hasCompiler(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined
}

// The start-up code of musl is a handful of instructions. That of glibc asks the processor for its features,
// which a virtual machine answers slowly: it takes longer than all the rest of the plugin.
function findCompiler(): string {
  const found = ['musl-gcc', 'cc'].find(hasCompiler)
  if (found !== undefined) return found
  throw new Error(
    'There is no C compiler: neither musl-gcc nor cc can be run. ' +
      'On Debian: apt-get install gcc libc6-dev, and musl-tools for the faster binary.'
  )
}

if (import.meta.main) console.log(buildPlugin())
