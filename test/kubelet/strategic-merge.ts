// Kubernetes' strategic merge: objects are merged, and lists by the field that tells their items apart
// (kubernetes.io, "Update API Objects in Place Using kubectl patch").

export type Keyed = Readonly<Record<string, unknown>>

/** patchMergeKey of the types that patches in deploy/ touch, by the name of the list. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: 'name',
  volumes: 'name',
  env: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort'
}

export function isKeyed(value: unknown): value is Keyed {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function merge(base: unknown, patch: unknown, list = ''): unknown {
  if (Array.isArray(base) && Array.isArray(patch)) return mergeLists(base, patch, list)
  if (!isKeyed(base) || !isKeyed(patch)) return patch
  const merged: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key]
    else merged[key] = key in base ? merge(base[key], value, key) : value
  }
  return merged
}

/** New items come first, as the real one has it; a list without a key is replaced. */
function mergeLists(base: readonly unknown[], patch: readonly unknown[], list: string): unknown[] {
  const key = mergeKeys[list]
  if (key === undefined) return [...patch]
  const keyOf = (item: unknown) => (isKeyed(item) ? item[key] : undefined)
  const fresh = patch.filter(item => !base.some(old => keyOf(old) === keyOf(item)))
  const kept = base.map(old => {
    const change = patch.find(item => keyOf(item) === keyOf(old))
    return change === undefined ? old : merge(old, change)
  })
  return [...fresh, ...kept]
}
