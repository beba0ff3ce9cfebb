/** `npm run mutate`: plants single faults, and fails unless a test detects each. See `npm run mutate -- --help`. */
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'
import { openTestDatabase } from './test-database.mjs'

await main(async (args) => {
  await ensureDependencies()
  const failure =
    'PostgreSQL is missing: the tests that detect some faults need it. Install it, or set ACRUX_TEST_POSTGRES'
  const { url, stop } = await openTestDatabase(failure)
  try {
    const env = environment({ ACRUX_TEST_POSTGRES: url })
    return await runInherited(nodeBinary(), [`${root}/test/mutate/main.ts`, ...args], { env })
  } finally {
    await stop()
  }
})
