// Light or dark: as the system has it, until somebody says otherwise here.

import { effect, signal } from '@preact/signals'

export const themes = ['auto', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'orbweaver-theme'
const darkSystem = matchMedia('(prefers-color-scheme: dark)')

export const theme = signal<Theme>(remembered())
/** Counts up when colours may have changed: canvases are drawn anew. */
export const coloursChanged = signal(0)

export function followTheme(): void {
  const apply = () => {
    const chosen = theme.peek()
    const isDark = chosen === 'auto' ? darkSystem.matches : chosen === 'dark'
    document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light'
    coloursChanged.value = coloursChanged.peek() + 1
  }
  effect(() => {
    remember(theme.value)
    apply()
  })
  darkSystem.addEventListener('change', apply)
}

/** A colour of the style sheet, `--name`, as text. */
export function colourText(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

function remembered(): Theme {
  try {
    const stored = localStorage.getItem(key)
    return themes.find(one => one === stored) ?? 'auto'
  } catch {
    return 'auto'
  }
}

function remember(chosen: Theme): void {
  try {
    localStorage.setItem(key, chosen)
  } catch {
    // Where nothing may be stored the choice lasts as long as the page.
  }
}
