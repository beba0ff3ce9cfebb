/**
 * Runs test files as `node --test` does, with two differences. The longest files start first: `node --test` sorts them by name,
 * and a long one that starts late keeps one processor busy while the others are idle. Files beside the code share processes.
 * Arguments are patterns of files.
 */
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from 'node:test'
import { parseArgs } from 'node:util'
import { groupFiles } from './groups.mjs'
import { longestFirst } from './order.mjs'
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

const tests = run({
  files: values.quick ? groups : longestFirst(alone, [...slowGroups, ...groups]),
  concurrency: Number(values.concurrency),
  timeout: 1_200_000,
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
tests.compose(report).pipe(process.stdout)
