// What `kubectl kustomize` makes of deploy/, as far as deploy/ uses it; what it does not know it refuses. Its output
// has been compared with the real program's.

import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { isKeyed, merge } from './strategic-merge.ts'
import { hashOf } from './name-hash.ts'

export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly [key: string]: unknown
}

interface Resource {
  object: KubeObject
  /** Generated: its name is to tell its content. */
  isHashed: boolean
}

interface Generator {
  readonly name: string
  readonly behavior?: 'replace'
  readonly files?: readonly string[]
  readonly literals?: readonly string[]
  readonly options?: { readonly disableNameSuffixHash?: boolean }
}

interface Kustomization {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace?: string
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly patches?: readonly { readonly path: string }[]
  readonly images?: readonly {
    readonly name: string
    readonly newName?: string
    readonly newTag?: string
  }[]
  readonly configMapGenerator?: readonly Generator[]
  readonly secretGenerator?: readonly Generator[]
}

const known: Readonly<Record<string, readonly string[]>> = {
  kustomization: [
    ...['apiVersion', 'kind', 'namespace', 'resources', 'components', 'patches', 'images'],
    ...['configMapGenerator', 'secretGenerator']
  ],
  generator: ['name', 'behavior', 'files', 'literals', 'options'],
  image: ['name', 'newName', 'newTag'],
  patch: ['path']
}

const base64LineLength = 70

const clusterWide = new Set(['Namespace'])

/** The objects that this directory stands for. Throws when it uses what is not supported here. */
export function render(directory: string): KubeObject[] {
  const resources = apply(directory, [])
  const renamed = new Map<string, string>()
  for (const resource of resources) {
    const { object, isHashed } = resource
    if (!isHashed) continue
    const { name } = object.metadata
    const full = `${name}-${hashOf(object)}`
    renamed.set(`${object.kind} ${name}`, full)
    resource.object = { ...object, metadata: { ...object.metadata, name: full } }
  }
  return resources.map(({ object }) => withNewNames(object, renamed) as KubeObject)
}

function apply(directory: string, before: Resource[]): Resource[] {
  const file = join(directory, 'kustomization.yaml')
  const what = parse(readFileSync(file, 'utf8'), { version: '1.1' }) as Kustomization
  refuseUnknown(file, 'kustomization', [what])
  const { resources = [], components = [], patches = [], images = [], namespace } = what
  let all = [...before]
  for (const entry of resources) {
    const path = join(directory, entry)
    if (statSync(path).isDirectory()) all.push(...apply(path, []))
    else all.push(...readObjects(path).map(object => ({ object, isHashed: false })))
  }
  for (const entry of components) all = apply(join(directory, entry), all)
  generate(all, directory, 'ConfigMap', what.configMapGenerator ?? [])
  generate(all, directory, 'Secret', what.secretGenerator ?? [])
  refuseUnknown(file, 'patch', patches)
  for (const { path } of patches) {
    for (const patch of readObjects(join(directory, path))) patchOne(all, patch)
  }
  refuseUnknown(file, 'image', images)
  for (const resource of all) {
    for (const image of images) resource.object = withImage(resource.object, image) as KubeObject
    if (namespace !== undefined) resource.object = inNamespace(resource.object, namespace)
  }
  return all
}

function readObjects(path: string): KubeObject[] {
  return parseAllDocuments(readFileSync(path, 'utf8'), { version: '1.1' }).map(document => {
    assert.deepEqual(document.errors, [], path)
    return document.toJS() as KubeObject
  })
}

function generate(
  all: Resource[],
  directory: string,
  kind: string,
  generators: readonly Generator[]
): void {
  refuseUnknown(directory, 'generator', generators)
  for (const { name, behavior, files = [], literals = [], options = {} } of generators) {
    const entries = [
      ...files.map(file => {
        const [key, path] = file.includes('=') ? file.split('=', 2) : [basename(file), file]
        return [key, readFileSync(join(directory, path ?? ''), 'utf8')] as const
      }),
      ...literals.map(literal => {
        const at = literal.indexOf('=')
        return [literal.slice(0, at), literal.slice(at + 1)] as const
      })
    ].map(([key, text]) => [key, kind === 'Secret' ? inLines(btoa(text)) : text] as const)
    const object: KubeObject = {
      ...{ apiVersion: 'v1', kind, metadata: { name } },
      ...(kind === 'Secret' && { type: 'Opaque' }),
      data: Object.fromEntries(entries)
    }
    const isHashed = options.disableNameSuffixHash !== true
    const at = all.findIndex(one => one.object.kind === kind && one.object.metadata.name === name)
    assert.equal(at === -1, behavior === undefined, `${directory}: ${kind} ${name} ${behavior}`)
    if (at === -1) all.push({ object, isHashed })
    else all[at] = { object, isHashed }
  }
}

/** As kustomize writes them, which the name depends on. */
function inLines(base64: string): string {
  if (base64.length <= base64LineLength) return base64
  return base64.replaceAll(new RegExp(`.{1,${base64LineLength}}`, 'g'), '$&\n')
}

function patchOne(all: Resource[], patch: KubeObject): void {
  const { kind, metadata } = patch
  const found = all.filter(
    ({ object }) => object.kind === kind && object.metadata.name === metadata.name
  )
  assert.equal(found.length, 1, `a patch of ${kind} ${metadata.name} has one object`)
  for (const resource of found) resource.object = merge(resource.object, patch) as KubeObject
}

function withImage(value: unknown, image: NonNullable<Kustomization['images']>[number]): unknown {
  if (Array.isArray(value)) return value.map(one => withImage(one, image))
  if (!isKeyed(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== 'image' || typeof inner !== 'string') return [key, withImage(inner, image)]
      const [, name = '', tag = ''] = /^(.*?)(:[^/:]*)?$/.exec(inner) ?? []
      if (name !== image.name) return [key, inner]
      const newTag = image.newTag === undefined ? tag : `:${image.newTag}`
      return [key, `${image.newName ?? name}${newTag}`]
    })
  )
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (clusterWide.has(object.kind)) return object
  return { ...object, metadata: { ...object.metadata, namespace } }
}

/** Where pods name ConfigMaps and Secrets. */
function withNewNames(value: unknown, renamed: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map(one => withNewNames(one, renamed))
  if (!isKeyed(value)) return value
  const { configMap, secret } = value
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withNewNames(inner, renamed)])
  )
  if (isKeyed(configMap) && 'name' in configMap) {
    const name = renamed.get(`ConfigMap ${String(configMap['name'])}`)
    if (name !== undefined) copy['configMap'] = { ...configMap, name }
  }
  if (isKeyed(secret) && 'secretName' in secret) {
    const secretName = renamed.get(`Secret ${String(secret['secretName'])}`)
    if (secretName !== undefined) copy['secret'] = { ...secret, secretName }
  }
  return copy
}

function refuseUnknown(file: string, what: string, values: readonly object[]): void {
  for (const value of values) {
    const strange = Object.keys(value).filter(key => known[what]?.includes(key) !== true)
    assert.deepEqual(strange, [], `${file}: a ${what} with what is not supported here`)
  }
}
