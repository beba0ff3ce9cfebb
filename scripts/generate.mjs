/** `npm run generate`: writes every generated document; with `--check`, writes none and fails if one is out of date. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  const generators = ['server/src/compose/generate.ts', 'scripts/reference/generate.ts']
  const codes = []
  for (const file of generators) {
    codes.push(await runInherited(nodeBinary(), [`${root}/${file}`, ...args], { env: environment() }))
  }
  return Math.max(...codes)
})
