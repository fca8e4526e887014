// Names of pools with wildcards, as Go's path/filepath.Match reads them: `*` any characters, `?` one, `[a-c]` one of
// a class, `[^a-c]` one that is not, `\` takes away the meaning of what follows.

/** Does a text of a list of pools stand for many names? */
export function isWildcard(text: string): boolean {
  return /[*?[\\]/.test(text)
}

/** Undefined for a pattern that is none, such as `a[`. Pool names hold no slash, which `*` would not match. */
export function wildcardOf(pattern: string): ((name: string) => boolean) | undefined {
  const source = sourceOf(pattern)
  if (source === undefined) return undefined
  const expression = new RegExp(`^${source}$`, 'su')
  return name => expression.test(name)
}

function sourceOf(pattern: string): string | undefined {
  const characters = Array.from(pattern)
  let source = ''
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] as string
    if (character === '*') source += '[^/]*'
    else if (character === '?') source += '[^/]'
    else if (character === '[') {
      const end = classEnd(characters, at)
      const part = end === undefined ? undefined : classOf(characters.slice(at + 1, end))
      if (end === undefined || part === undefined) return undefined
      source += part
      at = end
    } else if (character === '\\') {
      at += 1
      const next = characters[at]
      if (next === undefined) return undefined
      source += escaped(next)
    } else source += escaped(character)
  }
  return source
}

/** Where the class that opens at `from` closes. */
function classEnd(characters: readonly string[], from: number): number | undefined {
  for (let at = from + 1; at < characters.length; at += 1) {
    if (characters[at] === '\\') at += 1
    else if (characters[at] === ']') return at
  }
  return undefined
}

function classOf(inner: readonly string[]): string | undefined {
  const isNegated = inner[0] === '^'
  const members = isNegated ? inner.slice(1) : inner
  const ranges: [string, string][] = []
  for (let at = 0; at < members.length;) {
    const low = memberAt(members, at)
    if (low === undefined) return undefined
    at = low.next
    if (members[at] !== '-') {
      ranges.push([low.value, low.value])
      continue
    }
    const high = memberAt(members, at + 1)
    if (high === undefined) return undefined
    at = high.next
    ranges.push([low.value, high.value])
  }
  if (ranges.length === 0) return undefined
  // A range the wrong way round matches nothing, as in Go.
  const parts = ranges
    .filter(([low, high]) => low <= high)
    .map(([low, high]) => `${escapedInClass(low)}-${escapedInClass(high)}`)
  return `[${isNegated ? '^' : ''}${parts.join('')}]`
}

function memberAt(
  members: readonly string[],
  at: number
): { readonly value: string; readonly next: number } | undefined {
  const first = members[at]
  if (first === undefined || first === '-') return undefined
  if (first !== '\\') return { value: first, next: at + 1 }
  const value = members[at + 1]
  return value === undefined ? undefined : { value, next: at + 2 }
}

function escaped(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character
}

function escapedInClass(character: string): string {
  return /[\^\\[\]-]/.test(character) ? `\\${character}` : character
}
