/** `npm run mutate`: plants single faults, and fails unless a test detects each. See `npm run mutate -- --help`. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/test/mutate/main.ts`, ...args], { env: environment() })
})
