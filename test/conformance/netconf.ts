// Network configurations as libcni keeps and rewrites them before a plugin sees them.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

export interface PluginConf extends JsonObject {
  readonly type: string
  /** What of the runtime's offers this plugin wants to be told. */
  readonly capabilities?: Readonly<Record<string, boolean>>
}

export interface NetworkList {
  readonly name: string
  /** Absent: the oldest version there is. */
  readonly cniVersion?: string
  readonly plugins: readonly PluginConf[]
  readonly disableCheck?: boolean
  readonly disableGC?: boolean
}

/** A single configuration is a list of one; name and version move up. */
export function listOf(conf: PluginConf & { name: string; cniVersion?: string }): NetworkList {
  const { name, cniVersion } = conf
  return { name, ...(cniVersion !== undefined && { cniVersion }), plugins: [conf] }
}

export interface Injection {
  readonly prevResult?: Json | undefined
  readonly capabilityArgs?: JsonObject | undefined
  readonly more?: JsonObject
}

/**
 * What one plugin of the list reads from stdin. `capabilities` stays in although the specification says
 * that it must not be there: that is what libcni does. An absent cniVersion arrives as an empty one.
 */
export function configFor(list: NetworkList, plugin: PluginConf, injection: Injection): JsonObject {
  const offered = Object.entries(injection.capabilityArgs ?? {})
  const wanted = offered.filter(([key]) => plugin.capabilities?.[key] === true)
  return {
    ...plugin,
    name: list.name,
    cniVersion: list.cniVersion ?? '',
    ...(injection.prevResult !== undefined && { prevResult: injection.prevResult }),
    ...(wanted.length > 0 && { runtimeConfig: Object.fromEntries(wanted) }),
    ...injection.more
  }
}

/** As Go writes a map: members sorted by name, and three characters escaped that HTML cares about. */
export function goJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    members.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${members.map(([key, member]) => `${goString(key)}:${goJson(member)}`).join(',')}}`
  }
  return typeof value === 'string' ? goString(value) : JSON.stringify(value ?? null)
}

function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}

/** Whether one version of the specification is at least another; '' is 0.1.0. */
export function isAtLeast(version: string, least: string): boolean {
  const [a, b] = [version === '' ? '0.1.0' : version, least].map(text =>
    text.split('.').map(Number)
  )
  for (const i of [0, 1, 2]) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
