/**
 * `npm test`: sets up what is missing, the real clients and a throwaway PostgreSQL included, and runs every test. After `--`
 * come files or patterns to run instead of all, and flags of `node --test`.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { installMissingClients } from '../test/setup/clients.mjs'
import { startPostgres } from '../test/setup/postgres.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say, SetUpFailed } from './set-up.mjs'

/** One more test file than processors, because files often wait. */
const concurrency = Math.max(2, availableParallelism() + 1)

const everything = ['server/src/**/*.test.ts', 'cli/src/**/*.test.ts', 'test/**/*.test.ts']

/** A PostgreSQL for the stores' contract tests: the caller's own, or one that is started here and thrown away. */
async function database() {
  const given = process.env.ACRUX_TEST_POSTGRES
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined }
  const started = await startPostgres()
  if (started !== undefined) return started
  if (process.env.CI === 'true') throw new SetUpFailed('PostgreSQL is missing, and CI=true leaves no test out')
  say('PostgreSQL is missing: the contract tests of the stores run on SQLite alone')
  return { url: undefined, stop: async () => undefined }
}

await main(async (args) => {
  await ensureDependencies()
  await installMissingClients(say)
  const flags = args.filter((arg) => arg.startsWith('-'))
  const patterns = args.filter((arg) => !arg.startsWith('-'))
  const { url, stop } = await database()
  // A run of some tests alone sees few routes succeed.
  const answeredDir = args.length === 0 ? mkdtempSync(join(tmpdir(), 'acrux-answered-')) : undefined
  try {
    const runner = [
      '--test',
      `--test-reporter=${root}/test/setup/reporter.mjs`,
      `--test-concurrency=${concurrency}`,
      '--test-timeout=1200000',
    ]
    const env = environment({
      // Where the program under test keeps compiled code as well: half of what a test file imports is what the program does.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
      ...(url !== undefined && { ACRUX_TEST_POSTGRES: url }),
      ...(answeredDir !== undefined && { ACRUX_TEST_ANSWERED: answeredDir, ACRUX_TEST_EVERY_ROUTE: 'true' }),
    })
    const chosen = patterns.length > 0 ? patterns : everything
    return await runInherited(nodeBinary(), [...runner, ...flags, ...chosen], { env })
  } finally {
    if (answeredDir !== undefined) rmSync(answeredDir, { recursive: true })
    await stop()
  }
})
