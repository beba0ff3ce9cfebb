/** `npm run soak`: hours of mixed work against one server, and the curve of its memory. */
import { programUnderTest } from './program-under-test.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

await main(async (args) => {
  await ensureDependencies()
  return runInherited(nodeBinary(), [`${root}/test/soak/main.ts`, ...args], {
    env: environment({ ACRUX_TEST_MAIN: programUnderTest() }),
  })
})
