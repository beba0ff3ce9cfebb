import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { spec as Spec } from 'node:test/reporters'
import { readAnswered, unansweredOperations } from './route-coverage.mjs'

const openApi = new URL('../../docs/openapi.json', import.meta.url)

const notRun = /^not run\b[^:]*: ?(.*)$/s

function isSummaryLine(event) {
  return event.type === 'test:diagnostic' && event.data.nesting === 0 && /^tests \d+$/.test(event.data.message)
}

/** What a test that was left out lacks: what `requireClient` names, or whatever reason the test gives. */
function missingOf(skip) {
  if (skip === undefined || skip === false) return undefined
  if (typeof skip !== 'string' || skip === '') return 'an unstated reason'
  return notRun.exec(skip)?.[1] ?? skip
}

/** The tests that were not run, grouped by what is missing. */
function lines(missing) {
  if (missing.size === 0) return ''
  const parts = ['\nNot run:\n']
  for (const [what, tests] of [...missing].sort(([a], [b]) => a.localeCompare(b))) {
    parts.push(`  missing: ${what}\n`, ...tests.map((test) => `    ${test}\n`))
  }
  if (process.env.CI === 'true') parts.push('With CI=true a test that was not run is a failure.\n')
  return `${parts.join('')}\n`
}

/**
 * The routes that no test of a whole run saw succeed, which make the run fail. Where tests were not run, as the real clients
 * are missing, that is no wonder, and only reported; with `CI=true` the run has failed already.
 */
function unansweredLines(missing) {
  if (process.env.ACRUX_TEST_EVERY_ROUTE !== 'true') return ''
  const answered = readAnswered(process.env.ACRUX_TEST_ANSWERED)
  const unanswered = unansweredOperations(JSON.parse(readFileSync(openApi, 'utf8')), answered)
  if (unanswered.length === 0) return ''
  const isFailure = missing.size === 0 || process.env.CI === 'true'
  if (isFailure) process.exitCode = 1
  const routes = unanswered.map((route) => `  ${route}\n`).join('')
  const verdict = isFailure
    ? 'A route that no black-box test sees succeed is a failure: add a test below test/.'
    : 'This is no failure, as some tests were not run.'
  return `\nRoutes that no test saw succeed:\n${routes}${verdict}\n\n`
}

/**
 * The test runner's own `spec` report. Just before its summary it names the tests that were not run, and after a whole run
 * the routes that no test saw succeed. With `CI=true` a skipped test, for whatever reason, makes the run fail.
 */
export default async function* report(source) {
  const missing = new Map()
  if ((process.env.ACRUX_TEST_POSTGRES ?? '') === '') {
    missing.set('PostgreSQL', ['the contract tests of the stores on PostgreSQL'])
  }
  const spec = new Spec()
  const written = []
  spec.on('data', (chunk) => written.push(chunk.toString()))
  for await (const event of source) {
    const what =
      event.type === 'test:pass' || event.type === 'test:fail'
        ? missingOf(event.data.skip ?? event.data.todo)
        : undefined
    if (what !== undefined) {
      const file = event.data.file === undefined ? '' : `${relative(process.cwd(), event.data.file)}: `
      missing.set(what, [...(missing.get(what) ?? []), `${file}${event.data.name}`])
      if (process.env.CI === 'true') process.exitCode = 1
    }
    if (isSummaryLine(event)) yield written.splice(0).join('') + lines(missing) + unansweredLines(missing)
    spec.write(event)
    yield written.splice(0).join('')
  }
  const ended = new Promise((resolve) => spec.once('end', resolve))
  spec.end()
  await ended
  yield written.splice(0).join('')
}
