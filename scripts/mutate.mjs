/** `npm run mutate`: plants single faults, and fails unless a test detects each. See `npm run mutate -- --help`. */
import { installAzurite } from '../test/setup/azurite.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'
import { openTestDatabase } from './test-database.mjs'

await main(async (args) => {
  await ensureDependencies()
  await installAzurite(root, say)
  const failure =
    'PostgreSQL is missing: the tests that detect some faults need it. Install PostgreSQL, or set ACRUX_TEST_POSTGRES'
  const { url, stop } = await openTestDatabase(failure)
  try {
    // With CI=true, a test that cannot run fails. Otherwise, it would miss its fault.
    const env = environment({ ACRUX_TEST_POSTGRES: url, CI: 'true' })
    return await runInherited(nodeBinary(), [`${root}/test/mutate/main.ts`, ...args], { env })
  } finally {
    await stop()
  }
})
