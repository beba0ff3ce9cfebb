/**
 * Runs test files as `node --test` does, with four differences. The longest files start first: `node --test` sorts them by name,
 * and a long one that starts late keeps one processor busy while the others are idle. Files beside the code share processes.
 * Files that mostly wait run one after the other beside all others. A process that does not end after its tests fails.
 * Arguments are patterns of files.
 */
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { groupFiles } from './groups.mjs'
import { oneReport } from './one-report.mjs'
import { longestFirst, mostlyWaiting } from './order.mjs'
import report from './reporter.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    concurrency: { type: 'string', default: '2' },
    /** Run only the short files. */
    quick: { type: 'boolean', default: false },
    /** Measure which lines the tests execute, and fail below the floor. */
    coverage: { type: 'boolean', default: false },
  },
})

/** Per cent of the lines, branches and functions that the tests beside the code execute, rounded down. */
const floor = { lineCoverage: 95, branchCoverage: 94, functionCoverage: 93 }

const stopped = new AbortController()
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.once(signal, () => {
    stopped.abort()
    // Test files remove their files and processes meanwhile.
    setTimeout(() => process.exit(code), 5000)
  })
}

const directory = mkdtempSync(join(tmpdir(), 'acrux-groups-'))
process.once('exit', () => rmSync(directory, { recursive: true }))
const { groups, slowGroups, alone } = groupFiles(globSync(positionals), directory)

const waiting = values.quick ? [] : mostlyWaiting(alone)
const others = alone.filter((file) => !waiting.includes(file))

/**
 * @param {readonly string[]} files
 * @param {number} concurrency
 */
function start(files, concurrency) {
  const tests = run({
    files: [...files],
    concurrency,
    timeout: 1_200_000,
    execArgv: [`--import=${new URL('leftovers.mjs', import.meta.url).href}`],
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
  return tests
}

const runs = [
  start(values.quick ? groups : longestFirst(others, [...slowGroups, ...groups]), Number(values.concurrency)),
  ...(waiting.length > 0 ? [start(waiting, 1)] : []),
]
Readable.from(report(oneReport(runs))).pipe(process.stdout)
