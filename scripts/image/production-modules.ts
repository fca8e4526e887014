// The packages that the daemon runs with, as package-lock.json knows them, and of those the files that can be
// loaded on this kind of machine.

import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Entry, copyOf } from './entry.ts'

interface LockedPackage {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

/** Types for compilers, maps for debuggers, what a compiler of C would need, texts but for licences. */
const neverLoaded =
  /\.(d\.[cm]?ts|[cm]?ts|map|md|markdown|cc|hh|[ch]pp|[chS]|asm|def|inc|html|wat|gyp|gypi|patch|sh|flow|txt)$|\.min\.js$/
/** Of a package itself: a `doc` further down may well be part of its program. */
const neverLoadedFrom = /^(deps|docs?|benchmarks?|examples?|tests?|__tests__|\.github)\//
const isLicence = /(^|\/)(licen[cs]e|notice|copying)[^/]*$/i
/** Binaries that a package brings for every kind of machine. */
const prebuilt = /(^|\/)prebuilds\/([^/]+)\.node$/
/** The image has glibc. */
const forAnotherLibc = /musl[^/]*(\/[^/]+)?\.node$/

/** Entries below `target`. Node itself is none of them: it has a place of its own. */
export function productionModules(root: string, target: string): Entry[] {
  return lockedPackages(root).flatMap(directory =>
    globSync('**/*', { cwd: join(root, directory), exclude: name => name === 'node_modules' })
      .filter(file => isNeeded(file) && statSync(join(root, directory, file)).isFile())
      .map(file => copyOf(join(root, directory, file), `${target}/${directory}/${file}`))
  )
}

/** Directories like `node_modules/libp2p`, also those within others. */
function lockedPackages(root: string): string[] {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  return Object.entries(lock.packages)
    .filter(([path, { dev, devOptional, os, cpu }]) => {
      const isHere =
        (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true)
      return path !== '' && dev !== true && devOptional !== true && isHere
    })
    .map(([path]) => path)
    .filter(path => !/node_modules\/(@types\/|@typescript\/|node-linux-)/.test(path))
    .filter(path => existsSync(join(root, path)))
}

function isNeeded(file: string): boolean {
  if (isLicence.test(file)) return true
  const platform = prebuilt.exec(file)?.[2]
  if (platform !== undefined) return platform === `linux-${process.arch}`
  return ![neverLoaded, neverLoadedFrom, forAnotherLibc].some(pattern => pattern.test(file))
}
