import { relative } from 'node:path'
import { type TestEvent, spec as Spec } from 'node:test/reporters'
import { readOpenApi } from './openapi.ts'
import { readAnswered, unansweredOperations } from './route-coverage.ts'

const notRun = /^not run\b[^:]*: ?(.*)$/s

/** The reason of `requireTool`: a program that no package has, and that need not be given. */
const notGiven = /^not given: (.*)$/s

/** The tests that were not run, by what they need. */
type Missing = Map<string, string[]>

function isSummaryLine(event: TestEvent): boolean {
  return event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
}

/** What a skipped test needs: the client that `requireClient` names, or the reason that the test gives. */
function missingOf(skip: string | boolean | undefined): string | undefined {
  if (skip === undefined || skip === false) return undefined
  if (typeof skip !== 'string' || skip === '') return 'an unstated reason'
  return notRun.exec(skip)?.[1] ?? skip
}

/** The tests of programs that were not given. They do not fail the run. */
function ungivenLines(ungiven: Missing): string {
  const counts = [...ungiven].map(([what, tests]) => `  ${what}: ${tests.length} not run\n`)
  return counts.length === 0 ? '' : `\nNot given, see docs/testing.md:\n${counts.sort().join('')}\n`
}

/** The tests that were not run, grouped by what is missing. */
function lines(missing: Missing): string {
  if (missing.size === 0) return ''
  const parts = ['\nNot run:\n']
  for (const [what, tests] of [...missing].sort(([a], [b]) => a.localeCompare(b))) {
    parts.push(`  missing: ${what}\n`, ...tests.map((test) => `    ${test}\n`))
  }
  if (process.env['CI'] === 'true') parts.push('With CI=true a test that was not run is a failure.\n')
  return `${parts.join('')}\n`
}

/**
 * The routes for which no test of a whole run received a success; they make the run fail. If tests were not run, since
 * clients are missing, such routes are only reported; with `CI=true` the run has failed already.
 */
function unansweredLines(missing: Missing): string {
  if (process.env['ACRUX_TEST_EVERY_ROUTE'] !== 'true') return ''
  const answered = readAnswered(process.env['ACRUX_TEST_ANSWERED'] ?? '')
  const unanswered = unansweredOperations(readOpenApi(), answered)
  if (unanswered.length === 0) return ''
  const isFailure = missing.size === 0 || process.env['CI'] === 'true'
  if (isFailure) process.exitCode = 1
  const routes = unanswered.map((route) => `  ${route}\n`).join('')
  const verdict = isFailure
    ? 'A route that no black-box test sees succeed is a failure: add a test below test/.'
    : 'This is no failure, as some tests were not run.'
  return `\nRoutes that no test saw succeed:\n${routes}${verdict}\n\n`
}

type EndOfTest = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data']

/** Notes a test that was skipped. With `CI=true`, the run then fails, unless the test needs a program that was not given. */
function noteSkipped({ skip, todo, file, name }: EndOfTest, missing: Missing, ungiven: Missing): void {
  const what = missingOf(skip ?? todo)
  if (what === undefined) return
  const [, tool] = notGiven.exec(String(skip)) ?? []
  if (tool !== undefined) {
    ungiven.set(tool, [...(ungiven.get(tool) ?? []), name])
    return
  }
  const where = file === undefined ? '' : `${relative(process.cwd(), file)}: `
  missing.set(what, [...(missing.get(what) ?? []), `${where}${name}`])
  if (process.env['CI'] === 'true') process.exitCode = 1
}

/** The maximum length of the error of a failed test in the list of failed tests. */
const maxErrorLength = 600

/** A failed test, as the list of failed tests shows it. A suite fails with its tests and is not listed. */
function failureOf({ file, name, details }: Extract<TestEvent, { type: 'test:fail' }>['data']): string[] {
  const { failureType, cause } = details.error as Error & { failureType?: string }
  if (failureType === 'subtestsFailed') return []
  const where = file === undefined ? '' : `${relative(process.cwd(), file)}: `
  const text = cause instanceof Error ? cause.message : String(cause)
  return [
    `${where}${name}\n${text
      .slice(0, maxErrorLength)
      .trim()
      .replaceAll(/^(?=.)/gm, '    ')}`,
  ]
}

/** The list of failed tests. It stands next to the summary, since those who see only the end of a long output must find it. */
function failureLines(failures: readonly string[]): string {
  return failures.length === 0 ? '' : `\nFailed:\n${failures.map((failure) => `  ${failure}\n`).join('')}\n`
}

/**
 * The test runner's `spec` report. Before its summary, it lists the tests that were not run, after a whole run the routes that no
 * test saw succeed, and the tests that failed. With `CI=true`, every skipped test makes the run fail, unless it needs a program
 * that was not given. `failures` are the failed tests of earlier runs. The failed tests of this run are added.
 */
export async function* reportWith(source: AsyncIterable<TestEvent>, failures: string[]): AsyncGenerator<string> {
  const missing: Missing = new Map()
  const ungiven: Missing = new Map()
  if ((process.env['ACRUX_TEST_POSTGRES'] ?? '') === '' && process.env['ACRUX_TEST_DATABASES'] !== 'sqlite') {
    missing.set('PostgreSQL', ['the contract tests of the stores on PostgreSQL'])
  }
  const spec = new Spec()
  const written: string[] = []
  spec.on('data', (chunk: string | Buffer) => written.push(chunk.toString()))
  for await (const event of source) {
    if (event.type === 'test:pass' || event.type === 'test:fail') {
      noteSkipped(event.data, missing, ungiven)
    }
    if (event.type === 'test:fail') failures.push(...failureOf(event.data))
    if (isSummaryLine(event)) {
      const notRun = ungivenLines(ungiven) + lines(missing) + unansweredLines(missing)
      yield written.splice(0).join('') + notRun + failureLines(failures)
    }
    spec.write(event)
    yield written.splice(0).join('')
  }
  const ended = new Promise((resolve) => spec.once('end', resolve))
  spec.end()
  await ended
  yield written.splice(0).join('')
}

/** The reporter of `node --test`, which passes options as the second argument. */
export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  yield* reportWith(source, [])
}
