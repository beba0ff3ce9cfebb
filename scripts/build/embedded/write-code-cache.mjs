/* Writes the code that V8 compiled of every file of the program in a folder beside them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLoader } from './load-chunks.mjs'

const [, , folder = '.'] = process.argv
const { compile, load } = createLoader({
  folder,
  readCode: (name) => readFileSync(join(folder, name), 'utf8'),
  readCodeCache: () => undefined,
})
// V8 compiles a function when it is called. This loads the server, so that the functions of a start are included.
process.once('exit', () => {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.cjs')) writeFileSync(join(folder, `${name}.cache`), compile(name).createCachedData())
  }
})
await load('acrux.cjs').main(['serve', '--help'])
