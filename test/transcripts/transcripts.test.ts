// Every transcript is what the actors say and decide today, word for word. After a change that is meant:
// UPDATE_TRANSCRIPTS=1 tap run test/transcripts/transcripts.test.ts, and read the difference.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { plays, type Play } from './plays.ts'
import { Script } from './script.ts'

const isUpdating = process.env['UPDATE_TRANSCRIPTS'] === '1'
const pathOf = ({ name }: Play) => join(import.meta.dirname, `${name}.txt`)

async function performed({ options, act }: Play): Promise<string> {
  const script = new Script(options)
  try {
    await act(script)
    return script.text
  } finally {
    script.stage.world.close()
  }
}

for (const play of plays) {
  t.test(play.name, async t => {
    const text = await performed(play)
    if (isUpdating) writeFileSync(pathOf(play), text)
    t.equal(text, readFileSync(pathOf(play), 'utf8'))
    t.equal(text, await performed(play), 'and again')
  })
}

t.test('every transcript has a script', async t => {
  const files = readdirSync(import.meta.dirname).filter(name => name.endsWith('.txt'))
  t.same(files.sort(), plays.map(({ name }) => `${name}.txt`).sort())
})
