// Sentences for people who do not see the page: what moved under the cursor, and what must not be missed.

import { signal } from '@preact/signals'

export const announcement = signal('')

export function announce(sentence: string): void {
  announcement.value = sentence
}
