// Draws what a terminal shows as an SVG, for the README:
//   FORCE_COLOR=1 npm run --silent demo | node scripts/picture.ts docs/images/demo.svg

import { readFileSync, writeFileSync } from 'node:fs'

const lineHeight = 18
const charWidth = 8.05
const margin = 20

/** What the scripts use of the escape codes of ECMA-48 (SGR), as attributes of a tspan. */
const attributes: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#d29922"',
  '36': 'fill="#79c0ff"'
}

/** Codes that end the ones before. */
const ends: Readonly<Record<string, readonly string[]>> = {
  '0': Object.keys(attributes),
  '22': ['1', '2'],
  '39': ['31', '32', '33', '36']
}

export function picture(text: string): string {
  const lines = text.trimEnd().split('\n')
  const width = Math.max(...lines.map(line => plain(line).length)) * charWidth + 2 * margin
  const height = lines.length * lineHeight + 2 * margin
  const rows = lines.map((line, i) => {
    const y = margin + (i + 1) * lineHeight - 4
    return `<text x="${margin}" y="${y}" xml:space="preserve">${spans(line)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" role="img" aria-label="output of npm run demo">
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="13.3" fill="#e6edf3">
${rows.join('\n')}
</g>
</svg>
`
}

function spans(line: string): string {
  let active: string[] = []
  let drawn = ''
  for (const part of line.split(/(\u001b\[\d*m)/)) {
    const code = /^\u001b\[(\d*)m$/.exec(part)?.[1]
    if (code === undefined) {
      const style = active.map(one => attributes[one]).join(' ')
      if (part !== '')
        drawn += style === '' ? escapeXml(part) : `<tspan ${style}>${escapeXml(part)}</tspan>`
    } else if (ends[code] === undefined) active.push(code)
    else active = active.filter(one => !ends[code]?.includes(one))
  }
  return drawn
}

function plain(line: string): string {
  return line.replaceAll(/\u001b\[\d*m/g, '')
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

if (import.meta.main) {
  const [output = 'docs/images/demo.svg'] = process.argv.slice(2)
  writeFileSync(output, picture(readFileSync(0, 'utf8')))
}
