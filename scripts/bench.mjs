/** `npm run bench`: every benchmark, or those named after `--`. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/test/bench/main.ts`, ...args], { env: environment() })
})
