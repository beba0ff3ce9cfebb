/** `npm run mutate`: plants single faults and demands that a test notices each. `npm run mutate -- --help` tells more. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/test/mutate/main.ts`, ...args], { env: environment() })
})
