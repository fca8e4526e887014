// Build the web page: one script and one style sheet with their hashes in their names, and the document that names
// them, in dist/page. Everything that the page needs is in there; it asks no other host for anything.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildSync } from 'esbuild'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src/page')

/** Throws with the bundler's words. */
export function buildPage(outdir = join(root, 'dist/page')): void {
  rmSync(outdir, { recursive: true, force: true })
  mkdirSync(outdir, { recursive: true })
  const { outputFiles } = buildSync({
    entryPoints: [join(source, 'main.tsx'), join(source, 'styles/page.css')],
    tsconfig: join(source, 'tsconfig.json'),
    // What core/ takes from Node has stand-ins here.
    alias: {
      'node:net': join(source, 'node-net.ts'),
      'node:assert/strict': join(source, 'node-assert.ts')
    },
    ...{ outdir, bundle: true, minify: true, format: 'esm', target: 'es2023', write: false },
    entryNames: '[name]-[hash]',
    legalComments: 'none'
  })
  const names = outputFiles.map(({ path, contents }) => {
    writeFileSync(path, contents)
    return basename(path)
  })
  const named = (end: string) => `page/${names.find(name => name.endsWith(end)) ?? ''}`
  const document = readFileSync(join(source, 'index.html'), 'utf8')
    .replace('{script}', named('.js'))
    .replace('{style}', named('.css'))
  writeFileSync(join(outdir, 'index.html'), document)
}
