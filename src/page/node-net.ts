// Stands in for what core/address.ts takes from node:net, where there is no Node.

export function isIPv4(text: string): boolean {
  const octets = text.split('.')
  return (
    octets.length === 4 && octets.every(octet => /^(0|[1-9]\d{0,2})$/.test(octet) && +octet < 256)
  )
}

/** As the browser itself reads one in a URL. */
export function isIPv6(text: string): boolean {
  return text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text) && URL.canParse(`http://[${text}]`)
}
