/** `npm run generate`: writes every generated file; with `--check`, writes none and fails if one is out of date. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/scripts/reference/generate.ts`, ...args], { env: environment() })
})
