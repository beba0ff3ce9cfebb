/** `npm run chaos`: breaks random parts of a registry while clients work, and verifies what was acknowledged. */
import { installAzurite } from '../test/setup/azurite.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  await installAzurite(root, say)
  return runInherited(nodeBinary(), [`${root}/test/chaos/main.ts`, ...args], { env: environment() })
})
