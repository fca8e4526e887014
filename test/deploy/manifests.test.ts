// What deploy/ renders to, held against Kubernetes' own definitions, and what in it must not be lost.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { validate as validateDaemonSet } from 'kubernetes-models/_schemas/IoK8sApiAppsV1DaemonSet'
import { validate as validateConfigMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap'
import { validate as validateNamespace } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Namespace'
import { validate as validateSecret } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Secret'
import { validate as validateService } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Service'
import { validate as validateAccount } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount'
import t from 'tap'
import { parseConfig } from '../../src/config/daemon-config.ts'
import { makeClusterKey } from '../../src/mesh/cluster-key.ts'
import { release } from '../../src/release.ts'
import { hashOf } from '../kubelet/name-hash.ts'
import { attempt } from '../support/command.ts'
import { type KubeObject, render } from '../kubelet/kustomize.ts'

const root = join(import.meta.dirname, '../..')
const overlays = readdirSync(join(root, 'deploy/overlays'))

interface Validator {
  (data: unknown): boolean
  errors?: unknown
}

const validators: Readonly<Record<string, Validator>> = {
  'apps/v1 DaemonSet': validateDaemonSet,
  'v1 ConfigMap': validateConfigMap,
  'v1 Namespace': validateNamespace,
  'v1 Secret': validateSecret,
  'v1 Service': validateService,
  'v1 ServiceAccount': validateAccount
}

mkdirSync(join(root, 'build'), { recursive: true })
// Below the project, since types are looked for from there.
const scratch = mkdtempSync(join(root, 'build/manifests-'))
t.teardown(() => rmSync(scratch, { recursive: true, force: true }))
cpSync(join(root, 'deploy'), join(scratch, 'deploy'), { recursive: true })
for (const name of overlays) {
  const directory = join(scratch, 'deploy/overlays', name)
  rmSync(join(directory, 'cluster.key'), { force: true })
  if (name !== 'single-node') makeClusterKey(join(directory, 'cluster.key'))
}
const rendered = new Map(
  overlays.map(name => [name, render(join(scratch, 'deploy/overlays', name))] as const)
)

t.test("every object is what Kubernetes' definitions say", async t => {
  t.same(overlays, ['mdns', 'single-node', 'static-peers'])
  for (const [name, objects] of rendered) {
    for (const object of objects) {
      const what = `${object.apiVersion} ${object.kind}`
      const validate = validators[what]
      t.ok(validate?.(inOneLine(object)), `${name}: ${what} ${object.metadata.name}`, {
        errors: validate?.errors
      })
    }
  }
})

t.test('and has no field that they do not know', async t => {
  // The definitions allow further fields, as Kubernetes drops them; their types do not.
  const types = [...rendered].flatMap(([name, objects]) =>
    objects.map(
      (object, i) =>
        `export const ${name.replace('-', '')}${i}: I${object.kind} = ${JSON.stringify(object)}`
    )
  )
  const kinds = ['ConfigMap', 'Namespace', 'Secret', 'Service', 'ServiceAccount']
  const source = [
    `import type { ${kinds.map(kind => `I${kind}`).join(', ')} } from 'kubernetes-models/v1'`,
    `import type { IDaemonSet } from 'kubernetes-models/apps/v1'`,
    ...types
  ]
  const check = async (name: string, text: string): Promise<string> => {
    const file = join(scratch, name)
    writeFileSync(file, text)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext']
    const tsc = join(root, 'node_modules/.bin/tsc')
    // tap loads itself into every Node, which this program does not bear.
    const clean = ['-u', 'NODE_OPTIONS', tsc, ...options, '--ignoreConfig', file]
    const { code, stdout, stderr } = await attempt('env', clean)
    return `${code} ${stdout}${stderr}`
  }
  t.equal(await check('all.ts', source.join('\n')), '0 ')
  const mistaken = source.join('\n').replaceAll('"hostNetwork"', '"hostNetwrok"')
  t.match(await check('mistaken.ts', mistaken), /^[12] .*hostNetwrok/, 'a slip would be seen')
})

t.test('the configuration of every overlay is one that the daemon takes', async t => {
  for (const [name, objects] of rendered) {
    const text = dataOf(objects, 'orbweaver-config')['config.yaml'] ?? ''
    const on = (nodeName: string) =>
      parseConfig(text, name, { nodeName, addresses: ['192.0.2.11'] }).mesh
    if (name === 'single-node') t.equal(on('node-a'), undefined)
    else {
      t.match(on('node-a'), { registrar: true, announce: ['/ip4/192.0.2.11/tcp/7946'] }, name)
      t.match(on('node-b'), { registrar: false }, name)
    }
    t.ok(JSON.parse(dataOf(objects, 'orbweaver-network')['10-orbweaver.conflist'] ?? ''))
    t.match(dataOf(objects, 'orbweaver-pools')['pools.yaml'], /kind: SpiderIPPool/)
  }
})

t.test('what must not get lost', async t => {
  for (const [name, objects] of rendered) {
    const { spec } = podTemplate(objects)
    t.match(spec, { hostNetwork: true, hostPID: true, automountServiceAccountToken: false }, name)
    t.match(spec, {
      priorityClassName: 'system-node-critical',
      tolerations: [{ operator: 'Exists' }]
    })
    const [container] = spec.containers
    t.equal(container?.image, `localhost/orbweaver:${release}`, 'the image of this release')
    t.match(container?.securityContext, {
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] }
    })
    t.notOk(JSON.stringify(spec).includes('"privileged":true'))
    const netns = container?.volumeMounts.find(({ mountPath }) => mountPath === '/run/netns')
    t.equal(netns?.mountPropagation, 'HostToContainer')
    t.notOk(
      objects.some(({ kind }) => /Role/.test(kind)),
      'no right at the API server'
    )
    const hasKey = spec.volumes.some(({ secret }) => secret?.defaultMode === 0o400)
    t.equal(hasKey, name !== 'single-node', 'the key of the cluster is for root alone')
  }
})

t.test(
  'a change of the configuration is a change of the DaemonSet, one of pools is not',
  async t => {
    const overlay = join(scratch, 'deploy/overlays/mdns')
    const before = JSON.stringify(podTemplate(render(overlay)))
    const pools = join(overlay, 'pools.yaml')
    writeFileSync(pools, `${readFileSync(pools, 'utf8')}# changed\n`)
    t.equal(JSON.stringify(podTemplate(render(overlay))), before)
    const config = join(overlay, 'config.yaml')
    writeFileSync(config, `${readFileSync(config, 'utf8')}# changed\n`)
    t.not(JSON.stringify(podTemplate(render(overlay))), before)
  }
)

t.test('names of generated objects are those that kustomize 5.7.1 has printed', async t => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'orbweaver-config' } }
  const text = (key: string, value: string) => ({ ...map, data: { [key]: value } })
  t.equal(
    hashOf(
      text(
        'config.yaml',
        '# The same on all nodes: the name and the address of each come from its environment. docs/configuration.md has all keys.\nlog:\n  level: info\n'
      )
    ),
    '85tfchbc55'
  )
})

/** kustomize breaks what is long into lines, as every reader of base64 but the validator allows. */
function inOneLine(object: KubeObject): KubeObject {
  if (object.kind !== 'Secret') return object
  const entries = Object.entries(object['data'] as Record<string, string>)
  const data = Object.fromEntries(entries.map(([key, text]) => [key, text.replaceAll('\n', '')]))
  return { ...object, data }
}

interface PodTemplate {
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly containers: readonly {
      readonly image: string
      readonly securityContext: object
      readonly volumeMounts: readonly { mountPath: string; mountPropagation?: string }[]
    }[]
    readonly volumes: readonly { secret?: { defaultMode?: number } }[]
  }
}

function podTemplate(objects: readonly KubeObject[]): PodTemplate {
  const set = objects.find(({ kind }) => kind === 'DaemonSet')
  if (set === undefined) throw new Error('there is no DaemonSet')
  return (set['spec'] as { template: PodTemplate }).template
}

function dataOf(objects: readonly KubeObject[], name: string): Record<string, string> {
  const found = objects.find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(name)
  )
  return found?.['data'] as Record<string, string>
}
