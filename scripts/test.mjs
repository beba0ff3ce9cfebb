/**
 * `npm test`: sets up what is missing, the real clients, the portal and a temporary PostgreSQL included, and runs the tests of a tier.
 * After `--` come files or patterns to run instead, and flags of `node --test`. The first argument may be one of the modes below; it may
 * be followed by `--shard 1/4`, `--results FOLDER` and `--record`, see `test/setup/run.ts`.
 */
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { installAzurite } from '../test/setup/azurite.mjs'
import { installMissingClients } from '../test/setup/clients.mjs'
import { prepareDataDir } from '../test/setup/prepared.mjs'
import { ensureDocs } from './docs.mjs'
import { ensurePortal } from './portal.mjs'
import { programUnderTest } from './program-under-test.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'
import { noTestDatabase, openTestDatabase } from './test-database.mjs'

/** Every file, for flags of `node --test` without a file. */
const everything = ['{shared,server,cli,portal,testing}/src/**/*.test.ts', 'test/**/*.test.ts']

/** Two more test files than processors: on average, a file uses a processor for half of its time. */
const concurrency = availableParallelism() + 2

/**
 * What a mode runs: `tier` names files of `test/setup/tiers.ts`, and `databases` is ACRUX_TEST_DATABASES, the only kind of database that
 * tests may use. Black-box tests and modes with `installs` need all programs.
 *
 * @typedef {{
 *   readonly tier: 'main' | 'rest' | 'all' | 'beside' | 'none',
 *   readonly databases?: 'sqlite' | 'postgres',
 *   readonly flags?: readonly string[],
 *   readonly installs?: true,
 * }} Mode
 *
 * @type {Readonly<Record<string, Mode>>}
 */
const modes = {
  '--quick': { tier: 'beside', databases: 'sqlite', flags: ['--quick'] },
  '--postgres': { tier: 'beside', databases: 'postgres' },
  // The floor is that of a run without skipped tests.
  '--coverage': { tier: 'beside', flags: ['--coverage'], installs: true },
  '--all': { tier: 'all' },
  '--rest': { tier: 'rest' },
  // Prints the summary of earlier runs.
  '--summary': { tier: 'none', databases: 'sqlite' },
}

/** @type {Mode} */
const npmTest = { tier: 'main' }

/** @param {Mode} mode */
const hasBlackBoxTests = ({ tier }) => tier === 'main' || tier === 'rest' || tier === 'all'

/**
 * The PostgreSQL of a run.
 *
 * @param {Mode} mode
 */
async function openDatabase(mode) {
  if (mode.databases === 'sqlite') return noTestDatabase
  const isRequired = mode.databases === 'postgres'
  const failure = process.env.CI === 'true' ? inCi : isRequired ? notInstalled : undefined
  const opened = await openTestDatabase(failure)
  if (opened.url === undefined) say('PostgreSQL is missing: the tests of the stores run on SQLite only')
  return opened
}
const inCi = 'PostgreSQL is missing, and with CI=true no test is skipped'
const notInstalled = 'PostgreSQL is missing: install PostgreSQL, or set ACRUX_TEST_POSTGRES'

/** The options of `run.ts` that may follow a mode. */
const options = ['--shard', '--results', '--record']

/**
 * The command line of Node that runs the tests. Files that are named run under `node --test`, with its flags.
 *
 * @param {Mode} mode
 * @param {readonly string[]} args
 */
function commandLine(mode, args) {
  const [first = ''] = args
  if (args.length === 0 || options.includes(first.replace(/=.*/, ''))) {
    const fixed = [`--concurrency=${concurrency}`, `--tier=${mode.tier}`, ...(mode.flags ?? [])]
    return [`${root}/test/setup/run.ts`, ...fixed, ...args]
  }
  const leftovers = new URL('../test/setup/leftovers.mjs', import.meta.url).href
  const reporter = `--test-reporter=${root}/test/setup/reporter.ts`
  const runner = [`--import=${leftovers}`, '--test', reporter, `--test-concurrency=${concurrency}`]
  const flags = args.filter((arg) => arg.startsWith('-'))
  const patterns = args.filter((arg) => !arg.startsWith('-'))
  return [...runner, '--test-timeout=1200000', ...flags, ...(patterns.length > 0 ? patterns : everything)]
}

/**
 * Installs and builds what the tests of a mode need.
 *
 * @param {Mode} mode
 * @param {boolean} isBlackBox
 */
async function setUp(mode, isBlackBox) {
  await Promise.all([
    isBlackBox && installMissingClients(say).then(ensurePortal).then(ensureDocs),
    mode.installs && installMissingClients(say),
    // Other packages are not in its way: it has a folder of its own.
    mode.tier !== 'none' && installAzurite(root, say),
  ])
}

await main(async (given) => {
  await ensureDependencies()
  const named = modes[given[0] ?? '']
  const mode = named ?? npmTest
  const args = named === undefined ? given : given.slice(1)
  const isBlackBox = hasBlackBoxTests(mode)
  await setUp(mode, isBlackBox)
  const { url, stop } = await openDatabase(mode)
  let prepared
  try {
    const program = isBlackBox ? programUnderTest() : undefined
    // A program of the caller's may be of an earlier version, which cannot complete a prepared directory.
    const isOfTree = program !== undefined && (process.env.ACRUX_TEST_MAIN ?? '') === ''
    if (isOfTree) prepared = await prepareDataDir(nodeBinary(), program)
    const env = environment({
      // The program under test stores compiled code there too: half of what a test file imports is code of the program.
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), 'node-compile-cache'),
      ...(program !== undefined && { ACRUX_TEST_MAIN: program }),
      ...(prepared !== undefined && { ACRUX_TEST_PREPARED: prepared.dataDir }),
      ...(url !== undefined && { ACRUX_TEST_POSTGRES: url }),
      ...(mode.databases !== undefined && { ACRUX_TEST_DATABASES: mode.databases }),
    })
    return await runInherited(nodeBinary(), commandLine(mode, args), { env })
  } finally {
    prepared?.remove()
    await stop()
  }
})
