/** `npm start`: sets up what is missing, then serves. Everything after `--` goes to `acrux serve`. */
import { ensureDependencies, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/cli/src/main.ts`, 'serve', ...args])
})
