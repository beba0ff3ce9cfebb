/** `npm run generate`: writes every generated document; with `--check`, writes none and fails where one is stale. */
import { existsSync } from 'node:fs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  const generator = `${root}/server/src/compose/generate.ts`
  if (!existsSync(generator)) {
    say('nothing is generated yet')
    return 0
  }
  return runInherited(nodeBinary(), [generator, ...args], { env: environment() })
})
