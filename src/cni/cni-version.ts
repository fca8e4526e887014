// The versions of the specification that this plugin speaks, and what came with which.

export const cniVersions = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const

export type CniVersion = (typeof cniVersions)[number]

/** What an absent version means: the reference implementation decodes it as the oldest. */
export const cniVersionDefault: CniVersion = '0.1.0'

export const cniVersionLatest: CniVersion = '1.1.0'

export function isCniVersion(text: string): text is CniVersion {
  return (cniVersions as readonly string[]).includes(text)
}

/** Is `version` the one that brought something, or a later one? */
export function isAtLeast(version: CniVersion, since: CniVersion): boolean {
  return cniVersions.indexOf(version) >= cniVersions.indexOf(since)
}

export const verbs = ['ADD', 'CHECK', 'DEL', 'GC', 'STATUS'] as const

export type Verb = (typeof verbs)[number]

/** Since when each verb exists (CNI 1.1.0, "Section 2: Execution Protocol"). */
export const verbSince: Readonly<Record<Verb, CniVersion>> = {
  ADD: '0.1.0',
  DEL: '0.1.0',
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0'
}
