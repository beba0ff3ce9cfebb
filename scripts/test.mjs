/**
 * `npm test`: sets up what is missing, the real clients, the portal and a temporary PostgreSQL included, and runs every test. After `--`
 * come files or patterns to run instead of all, and flags of `node --test`. The first argument may be one of the modes below,
 * which run the tests beside the code only.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { installAzurite } from '../test/setup/azurite.mjs'
import { installMissingClients } from '../test/setup/clients.mjs'
import { ensurePortal } from './portal.mjs'
import { programUnderTest } from './program-under-test.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'
import { noTestDatabase, openTestDatabase } from './test-database.mjs'

/** Two more test files than processors: on average, a file uses a processor for half of its time. */
const concurrency = availableParallelism() + 2

const besideTheCode = [
  'shared/src/**/*.test.ts',
  'server/src/**/*.test.ts',
  'cli/src/**/*.test.ts',
  'portal/src/**/*.test.ts',
]
const everything = [...besideTheCode, 'test/**/*.test.ts']

/**
 * What a mode runs: `databases` is ACRUX_TEST_DATABASES, the only kind of database that tests may use.
 *
 * @typedef {{ readonly databases?: 'sqlite' | 'postgres', readonly flags?: readonly string[] }} Mode
 *
 * @type {Readonly<Record<string, Mode>>}
 */
const modes = {
  '--quick': { databases: 'sqlite', flags: ['--quick'] },
  '--postgres': { databases: 'postgres' },
  '--coverage': { flags: ['--coverage'] },
}

/**
 * The PostgreSQL of a run.
 *
 * @param {Mode | undefined} mode
 */
async function openDatabase(mode) {
  if (mode?.databases === 'sqlite') return noTestDatabase
  const isRequired = mode?.databases === 'postgres'
  const failure = process.env.CI === 'true' ? inCi : isRequired ? notInstalled : undefined
  const opened = await openTestDatabase(failure)
  if (opened.url === undefined) say('PostgreSQL is missing: the tests of the stores run on SQLite only')
  return opened
}
const inCi = 'PostgreSQL is missing, and with CI=true no test is skipped'
const notInstalled = 'PostgreSQL is missing: install it, or set ACRUX_TEST_POSTGRES'

/**
 * The command line of Node that runs the tests. Files that are named run under `node --test`, with its flags.
 *
 * @param {Mode | undefined} mode
 * @param {readonly string[]} args
 */
function commandLine(mode, args) {
  if (args.length === 0) {
    const patterns = mode === undefined ? everything : besideTheCode
    return [`${root}/test/setup/run.mjs`, `--concurrency=${concurrency}`, ...(mode?.flags ?? []), ...patterns]
  }
  const leftovers = new URL('../test/setup/leftovers.mjs', import.meta.url).href
  const reporter = `--test-reporter=${root}/test/setup/reporter.mjs`
  const runner = [`--import=${leftovers}`, '--test', reporter, `--test-concurrency=${concurrency}`]
  const flags = args.filter((arg) => arg.startsWith('-'))
  const patterns = args.filter((arg) => !arg.startsWith('-'))
  return [...runner, '--test-timeout=1200000', ...flags, ...(patterns.length > 0 ? patterns : everything)]
}

await main(async (given) => {
  await ensureDependencies()
  const mode = modes[given[0] ?? '']
  const args = mode === undefined ? given : given.slice(1)
  await Promise.all([
    mode === undefined && installMissingClients(say).then(ensurePortal),
    // Other packages are not in its way: it has a folder of its own.
    installAzurite(root, say),
  ])
  const { url, stop } = await openDatabase(mode)
  // A run of some tests sees few routes succeed.
  const isWhole = mode === undefined && args.length === 0
  const answeredDir = isWhole ? mkdtempSync(join(tmpdir(), 'acrux-answered-')) : undefined
  try {
    const env = environment({
      // The program under test stores compiled code there too: half of what a test file imports is code of the program.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
      ...(mode === undefined && { ACRUX_TEST_MAIN: programUnderTest() }),
      ...(url !== undefined && { ACRUX_TEST_POSTGRES: url }),
      ...(mode?.databases !== undefined && { ACRUX_TEST_DATABASES: mode.databases }),
      ...(answeredDir !== undefined && { ACRUX_TEST_ANSWERED: answeredDir, ACRUX_TEST_EVERY_ROUTE: 'true' }),
    })
    return await runInherited(nodeBinary(), commandLine(mode, args), { env })
  } finally {
    if (answeredDir !== undefined) rmSync(answeredDir, { recursive: true })
    await stop()
  }
})
