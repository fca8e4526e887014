// Put the daemon together: what the compiler wrote as hundreds of files becomes some, since a start looks for each of
// them while pods are waiting, a third of a millisecond each. Threads of their own start from the files as they were.

import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'

/** Throws with the bundler's words. `dist` holds what the compiler wrote, and is changed in place. */
export async function buildDaemon(dist: string): Promise<void> {
  await build({
    entryPoints: ['main.js', 'coordination-thread.js'].map(name => join(dist, name)),
    ...{ outdir: dist, allowOverwrite: true, bundle: true, splitting: true },
    ...{ format: 'esm', platform: 'node', target: 'node24', packages: 'external' },
    chunkNames: 'part-[hash]',
    plugins: [whereItWas(dist)]
  })
}

/** All parts are in `dist` itself, so a module says where it was from there. */
function whereItWas(dist: string): Plugin {
  return {
    name: 'where it was',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        const file = relative(dist, path)
        const places: Readonly<Record<string, string>> = {
          dirname: `(import.meta.dirname + ${JSON.stringify(`/${dirname(file)}`)})`,
          filename: `(import.meta.dirname + ${JSON.stringify(`/${file}`)})`,
          url: `new URL(${JSON.stringify(`./${file}`)}, import.meta.url).href`
        }
        const contents = readFileSync(path, 'utf8').replace(
          /\bimport\.meta\.(dirname|filename|url)\b/g,
          (_, what: string) => places[what] ?? ''
        )
        return { contents, loader: 'js' }
      })
    }
  }
}
