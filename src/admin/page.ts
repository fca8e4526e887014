// The web page: the files that scripts/build-page.ts has put into dist/page, and nothing else of the disk. It reads the
// same paths as everybody; its policy lets it ask no other host and run no script but its own.

import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { errorCodeOf } from '../core/error-text.ts'
import type { AdminService } from './admin-service.ts'
import { type Answer, refused } from './answer.ts'

/** The build lies beside the compiled server; where the sources run as they are, in dist. */
const directory = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.js') ? '../page' : '../../dist/page'
)

const document = 'index.html'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8'
}

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  // No icon, which browsers would look for otherwise.
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'"
].join('; ')

/** Everything but the document has the hash of its content in its name. */
const caching = { document: 'no-cache', others: 'public, max-age=31536000, immutable' }

export async function reportPage(
  _service: AdminService,
  _query: URLSearchParams,
  path: string
): Promise<Answer> {
  const name = path === '/' ? document : path.slice('/page/'.length)
  try {
    // Only what is listed is read, whatever the path says.
    const isThere = (await readdir(directory)).includes(name)
    const type = types[extname(name)]
    if (!isThere || type === undefined) return refused(404, `the page has no file ${name}`)
    const content = await readFile(join(directory, name))
    return { status: 200, text: { type, content, headers: headersOf(name) } }
  } catch (error) {
    if (errorCodeOf(error) !== 'ENOENT') throw error
    return refused(404, 'the page is not there: npm run build makes it')
  }
}

function headersOf(name: string): Readonly<Record<string, string>> {
  return {
    'content-security-policy': policy,
    'cache-control': name === document ? caching.document : caching.others,
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin'
  }
}
