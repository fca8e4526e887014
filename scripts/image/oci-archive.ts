// An image as the OCI image layout (opencontainers/image-spec, image-layout.md), in one archive that
// `ctr images import`, podman and skopeo read.

import type { Entry } from './entry.ts'
import { archiveOf, type Blob, blobOf, type Layer } from './layer.ts'

export interface ImageDescription {
  /** With its tag: registry.example/orbweaver:0.2.0 */
  readonly name: string
  readonly release: string
  /** Seconds since 1970. */
  readonly created: number
  /** From the lowest to the highest, with what each of them is. */
  readonly layers: readonly (Layer & { readonly what: string })[]
}

export interface Image {
  /** Of its manifest: by this a registry knows it. */
  readonly digest: string
  /** The files of the layout. */
  readonly entries: readonly Entry[]
  readonly archive: Buffer
}

/** GOARCH, as OCI names processors. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

export function architectureOf(arch: string): string | undefined {
  return architectures[arch]
}

export async function imageOf(description: ImageDescription): Promise<Image> {
  const { name, release, layers } = description
  const created = new Date(description.created * 1_000).toISOString().replace('.000', '')
  const platform = { architecture: architectureOf(process.arch), os: 'linux' }
  const labels = {
    'org.opencontainers.image.title': 'orbweaver',
    'org.opencontainers.image.description':
      'IP address management for Kubernetes pods on underlay networks',
    'org.opencontainers.image.version': release,
    'org.opencontainers.image.licenses': 'Apache-2.0'
  }
  const config = json({
    created,
    ...platform,
    config: { Entrypoint: ['/usr/bin/orbweaverd'], Cmd: ['run'], WorkingDir: '/', Labels: labels },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(({ what }) => ({ created, created_by: what }))
  })
  const manifest = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map(({ blob }) =>
      descriptor(blob, 'application/vnd.oci.image.layer.v1.tar+gzip')
    ),
    annotations: labels
  })
  const index = json({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor(manifest, 'application/vnd.oci.image.manifest.v1+json'),
        platform,
        annotations: {
          // The first is containerd's, the second everybody's, who want nothing but the tag there.
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.replace(/.*:/, '')
        }
      }
    ]
  })
  const blobs = [config, manifest, ...layers.map(({ blob }) => blob)]
  const entries: Entry[] = [
    file('oci-layout', json({ imageLayoutVersion: '1.0.0' }).bytes),
    file('index.json', index.bytes),
    ...blobs.map(({ digest, bytes }) => file(`blobs/${digest.replace(':', '/')}`, bytes))
  ]
  return { digest: manifest.digest, entries, archive: await archiveOf(entries) }
}

function descriptor({ digest, bytes }: Blob, mediaType: string) {
  return { mediaType, digest, size: bytes.length }
}

function json(value: unknown): Blob {
  return blobOf(Buffer.from(JSON.stringify(value)))
}

function file(path: string, content: Buffer): Entry {
  return { path, mode: 0o644, type: 'file', content }
}
