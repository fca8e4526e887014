// Names of Kubernetes objects.

const maxLength = 253
const label = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?'
const subdomain = new RegExp(`^${label}(\\.${label})*$`)

/**
 * A DNS-1123 subdomain (RFC 1123 section 2.1, in lower case), what Kubernetes asks of object names
 * and of the prefix of a label key. A part of it has at most 63 characters (RFC 1035 section
 * 2.3.4).
 */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= maxLength && subdomain.test(text)
}

export const dnsSubdomainRule =
  'lower-case letters, digits, "-" and ".", each part starting and ending with a letter or digit'
