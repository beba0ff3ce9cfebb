/**
 * Runs test files as `node --test` does, with these differences. The longest files start first: `node --test` sorts them by name,
 * and a long one that starts late keeps one processor busy while the others are idle. Files beside the code share processes.
 * Files that mostly wait run beside all others, two at a time. A process that does not end after its tests fails. The summary
 * includes earlier runs that left their results in the same folder, and once every file has run, every route must have been used.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { durationOf, longestFirst, mostlyWaits } from './durations.ts'
import { groupFiles } from './groups.ts'
import { measureFiles } from './measured.ts'
import { type Counts, oneReport } from './one-report.ts'
import { processorSeconds } from './processor-seconds.mjs'
import { reportWith } from './reporter.ts'
import { openResults } from './results.ts'
import { parseShard, shardOf } from './shards.ts'
import { allFiles, filesOf } from './tiers.ts'

const { values } = parseArgs({
  options: {
    concurrency: { type: 'string', default: '2' },
    /** Which files run, see `tiers.ts`. */
    tier: { type: 'string', default: 'all' },
    /** Run a part of these files: `2/4` is the second of four. */
    shard: { type: 'string', default: '1/1' },
    /** The folder of the results of several runs. */
    results: { type: 'string' },
    /** Record the durations of the files in `durations.json`. */
    record: { type: 'boolean', default: false },
    /** Run only the short files. */
    quick: { type: 'boolean', default: false },
    /** Measure which lines the tests execute, and fail below the floor. */
    coverage: { type: 'boolean', default: false },
  },
})

/** Per cent of the lines, branches and functions that the tests beside the code execute, rounded down. */
const floor = { lineCoverage: 95, branchCoverage: 94, functionCoverage: 93 }

const stopped = new AbortController()
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => {
    stopped.abort()
    // Test files remove their files and processes meanwhile.
    setTimeout(() => process.exit(code), 5000)
  })
}

const shard = parseShard(values.shard)
if (shard === undefined) throw new Error(`--shard is not such as 2/4: ${values.shard}`)
const files = shardOf(filesOf(values.tier), shard)

const results = openResults(values.results)
process.env['ACRUX_TEST_ANSWERED'] = results.answered
const haveRun = new Set([...files, ...results.earlier.flatMap((earlier) => earlier.files)])
if (allFiles().every((file) => haveRun.has(file))) process.env['ACRUX_TEST_EVERY_ROUTE'] = 'true'

const directory = mkdtempSync(join(tmpdir(), 'acrux-groups-'))
process.once('exit', () => {
  rmSync(directory, { recursive: true })
  results.close()
})
const { groups, slowGroups, alone } = groupFiles(files, directory)
const measured = values.record ? measureFiles(new Map([...groups, ...slowGroups])) : undefined

const { waiting = [], others = [] } = Object.groupBy(alone, (file) => (mostlyWaits(file) ? 'waiting' : 'others'))

const preloaded = ['leftovers.mjs', ...(values.record ? ['record.mjs'] : [])]

function start(paths: readonly string[], concurrency: number) {
  const tests = run({
    files: [...paths],
    concurrency,
    timeout: 1_200_000,
    execArgv: preloaded.map((name) => `--import=${new URL(name, import.meta.url).href}`),
    signal: stopped.signal,
    ...(values.coverage && {
      coverage: true,
      coverageIncludeGlobs: ['server/src/**/*.ts', 'cli/src/**/*.ts'],
      coverageExcludeGlobs: ['**/*.test.ts', '**/test-*.ts'],
      ...floor,
    }),
  })
  tests.on('test:summary', ({ file, success }) => {
    if (file === undefined && !success) process.exitCode ||= 1
  })
  measured?.watch(tests)
  return tests
}

/** How long a file of its own takes to delay the end of the run if it starts late. */
const isLong = (file: string) => durationOf(file)[1] >= 30

/** The paths that run: the long files, the groups, and all other files. */
function inOrder() {
  if (values.quick) return [...groups.keys()]
  const { long = [], short = [] } = Object.groupBy(longestFirst(others), (file) => (isLong(file) ? 'long' : 'short'))
  return [...long, ...slowGroups.keys(), ...groups.keys(), ...short]
}

const paths = inOrder()
const runs = [
  ...(paths.length > 0 ? [start(paths, Number(values.concurrency))] : []),
  ...(waiting.length > 0 && !values.quick ? [start(longestFirst(waiting), 2)] : []),
]
if (results.earlier.some(({ failed }) => failed)) process.exitCode = 1
let counts: Counts = {}
const earlierCounts = results.earlier.map((earlier) => earlier.counts)
const events = oneReport(runs, earlierCounts, (counted) => {
  // It shows whether the processors were idle.
  counts = { processor_seconds: Math.round(processorSeconds()), ...counted }
  return counts
})
const earlierFailures = results.earlier.flatMap((earlier) => earlier.failures)
const failures = [...earlierFailures]
Readable.from(reportWith(events, failures))
  .on('end', () => {
    const ownFailures = failures.slice(earlierFailures.length)
    results.write({ counts, files, failures: ownFailures, failed: (process.exitCode ?? 0) !== 0 })
    measured?.write()
  })
  .pipe(process.stdout)
