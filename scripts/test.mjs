/**
 * `npm test`: sets up what is missing, the real clients and a throwaway PostgreSQL included, and runs every test. After `--`
 * come files or patterns to run instead of all, and flags of `node --test`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { installMissingClients } from '../test/setup/clients.mjs'
import { openAnsweredRecord, unansweredOperations } from '../test/setup/route-coverage.mjs'
import { startPostgres } from '../test/setup/postgres.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say, SetUpFailed } from './set-up.mjs'

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

/** Writes the routes that no test saw succeed to a file: the test runner's own summary comes last. */
function reportUnanswered(answered) {
  const openApi = JSON.parse(readFileSync(join(root, 'docs', 'openapi.json'), 'utf8'))
  mkdirSync(join(root, 'dist'), { recursive: true })
  const unanswered = unansweredOperations(openApi, answered)
  writeFileSync(join(root, 'dist', 'routes-without-success.txt'), unanswered.map((line) => `${line}\n`).join(''))
}

await main(async (args) => {
  await ensureDependencies()
  await installMissingClients(say)
  const flags = args.filter((arg) => arg.startsWith('-'))
  const patterns = args.filter((arg) => !arg.startsWith('-'))
  const { url, stop } = await database()
  const isWhole = args.length === 0
  const record = isWhole ? openAnsweredRecord() : undefined
  try {
    const runner = [
      '--test',
      `--test-reporter=${root}/test/setup/reporter.mjs`,
      `--test-concurrency=${Math.max(2, availableParallelism())}`,
      '--test-timeout=1200000',
    ]
    const env = environment({
      ...(url !== undefined && { ACRUX_TEST_POSTGRES: url }),
      ...(record !== undefined && { ACRUX_TEST_ANSWERED: record.dir }),
    })
    const chosen = patterns.length > 0 ? patterns : everything
    const code = await runInherited(nodeBinary(), [...runner, ...flags, ...chosen], { env })
    if (record !== undefined) reportUnanswered(record.read())
    return code
  } finally {
    await stop()
  }
})
