// What errors quote of texts from outside.

/** The container ids of runtimes fit. Kubernetes cuts an event after 1,024 bytes, and the rest matters more. */
const excerptCharsMax = 64

/** As much of a foreign text as fits an error message. */
export function excerpt(text: string): string {
  return text.length <= excerptCharsMax ? text : `${text.slice(0, excerptCharsMax)}...`
}
