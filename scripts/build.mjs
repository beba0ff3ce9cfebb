/** `npm run build`: writes the packages to `dist/`, see `build/main.ts`. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/scripts/build/main.ts`, ...args], { env: environment() })
})
