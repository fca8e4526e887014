// What a test deploys: deploy/ rendered with the test's own values, as a person who has a kustomization of their own
// beside it would have it.

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type KubeObject, render } from './kustomize.ts'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { type Pool, poolsYaml } from '../support/ipam.ts'

export interface SiteOptions {
  readonly overlay: 'single-node' | 'static-peers' | 'mdns'
  readonly pools: readonly Pool[]
  /** Further keys of the configuration. */
  readonly config?: Readonly<Record<string, unknown>>
  /** The plugins of the network after the main one. */
  readonly chained?: readonly object[]
}

export class Site implements Disposable {
  readonly #dir = mkdtempSync(join(tmpdir(), 'site-'))
  readonly #overlay: string

  constructor({ overlay, pools, config }: SiteOptions) {
    cpSync(join(import.meta.dirname, '../../deploy'), this.#dir, { recursive: true })
    this.#overlay = join(this.#dir, 'overlays', overlay)
    rmSync(join(this.#overlay, 'cluster.key'), { force: true })
    if (overlay !== 'single-node') makeClusterKey(join(this.#overlay, 'cluster.key'))
    this.setPools(pools)
    if (config !== undefined) this.configure(config)
  }

  setPools(pools: readonly Pool[]): void {
    const defaults = poolsYaml(pools).replaceAll('spec:\n', 'spec:\n  default: true\n')
    writeFileSync(join(this.#overlay, 'pools.yaml'), defaults)
  }

  configure(config: Readonly<Record<string, unknown>>): void {
    const file = join(this.#dir, 'base/files/config.yaml')
    for (const path of [file, join(this.#overlay, 'config.yaml')]) {
      writeFileSync(path, stringify({ http: { listen: '0.0.0.0:5711' }, ...config }))
    }
  }

  /** The objects, with this image. */
  objects(tag: string): KubeObject[] {
    const file = join(this.#overlay, 'kustomization.yaml')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(/newTag: .*/, `newTag: ${tag}`))
    return render(this.#overlay)
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
