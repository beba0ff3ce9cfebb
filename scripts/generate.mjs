/** `npm run generate`: writes every generated file; with `--check`, writes none and fails if one is out of date. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

/** Each may read what an earlier one writes. */
const programs = ['server/src/compose/generate.ts', 'scripts/api-types.mjs', 'scripts/reference/generate.ts']

await main(async (args) => {
  await ensureDependencies()
  for (const program of programs) {
    const code = await runInherited(nodeBinary(), [`${root}/${program}`, ...args], { env: environment() })
    if (code !== 0) return code
  }
  return 0
})
