import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findProgram, run } from '../harness/clients.ts'
import { at } from '../harness/json.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { readOpenApi } from './openapi.ts'

const harness = new URL('../harness/clients.ts', import.meta.url).href
const reporter = fileURLToPath(new URL('reporter.ts', import.meta.url))

const program = `
import { test } from 'node:test'
import { requireClient } from '${harness}'
test('a test that needs nothing', () => undefined)
test('a test that needs a client', (t) => { if (!requireClient(t, 'no-such-client')) return })
`

async function report(
  env: Readonly<Record<string, string>>,
  text = program,
): Promise<{ code: number | null; lines: string[] }> {
  using dir = tempDir('reporter')
  const file = join(dir.path, 'some.test.ts')
  writeFileSync(file, text)
  const args = ['--test', `--test-reporter=${reporter}`, file]
  const all = { PATH: process.env['PATH'] ?? '', ACRUX_TEST_POSTGRES: 'postgres://127.0.0.1/some', ...env }
  const ran = await run(process.execPath, args, { env: all, cwd: dir.path })
  return { code: ran.code, lines: ran.stdout.split('\n') }
}

test('the report names what was not run and why, and ends with the summary of the test runner', async () => {
  assert.equal(findProgram('no-such-client'), undefined)
  const { code, lines } = await report({})
  assert.equal(code, 0)
  const heading = lines.indexOf('Not run:')
  assert.deepEqual(lines.slice(heading, heading + 4), [
    'Not run:',
    '  missing: no-such-client',
    '    some.test.ts: a test that needs a client',
    '',
  ])
  assert.match(lines[heading + 4] ?? '', /tests 2$/)
  assert.match(lines.at(-2) ?? '', /duration_ms/)
})

test('the report lists the tests that failed directly before the summary', async () => {
  const failing = `
    import assert from 'node:assert/strict'
    import { describe, test } from 'node:test'
    describe('a suite', () => { test('a sum', () => assert.equal(1 + 1, 3, 'the sum is wrong')) })`
  const { code, lines } = await report({}, failing)
  assert.equal(code, 1)
  const heading = lines.indexOf('Failed:')
  const failed = ['Failed:', '  some.test.ts: a sum', '    the sum is wrong', '', '    2 !== 3', '']
  assert.deepEqual(lines.slice(heading, heading + 6), failed)
  assert.match(lines[heading + 6] ?? '', /tests 1$/)
})

test('without PostgreSQL the report names the contract tests that were not run', async () => {
  const { lines } = await report({ ACRUX_TEST_POSTGRES: '' })
  assert.ok(lines.includes('  missing: PostgreSQL'))
})

test('with CI=true a client that is missing is a failure', async () => {
  const { code, lines } = await report({ CI: 'true' })
  assert.equal(code, 1)
  assert.ok(lines.some((line) => line.includes('not run, missing on this machine: no-such-client')))
})

test('a program that is not given is reported, and is no failure with CI=true', async () => {
  const text = `
import { test } from 'node:test'
import { requireTool } from '${harness}'
test('a test that needs a tool', (t) => { requireTool(t, 'no-such-tool') })
`
  for (const CI of ['true', '']) {
    const { code, lines } = await report({ CI }, text)
    assert.equal(code, 0)
    assert.ok(lines.includes('  no-such-tool: 1 not run'))
    assert.ok(!lines.includes('Not run:'))
  }
})

for (const [what, options] of [
  ['with a reason that only begins alike', "{ skip: 'not given' }"],
  ['without a reason', '{ skip: true }'],
  ['with a reason', "{ skip: 'a small file system cannot be mounted here' }"],
  ['to be written', '{ todo: true }'],
]) {
  test(`with CI=true a test that is skipped ${what} is a failure, and elsewhere is only reported`, async () => {
    const text = `import { test } from 'node:test'\ntest('a skipped test', ${options}, () => undefined)\n`
    const inCi = await report({ CI: 'true' }, text)
    assert.equal(inCi.code, 1)
    assert.ok(inCi.lines.includes('    some.test.ts: a skipped test'))
    assert.equal((await report({ CI: '' }, text)).code, 0)
  })
}

const openApi = readOpenApi()
const passing = "import { test } from 'node:test'\ntest('a test', () => undefined)\n"

/** Reports a whole run whose servers answered these requests with success. */
async function reportWhole(answered: readonly string[], env: Readonly<Record<string, string>>, text = passing) {
  using dir = tempDir('answered')
  writeFileSync(join(dir.path, 'of a server'), answered.join('\n'))
  return await report({ ...env, ACRUX_TEST_ANSWERED: dir.path, ACRUX_TEST_EVERY_ROUTE: 'true' }, text)
}

/** One request for each route: every place in its path is filled in. */
const everyRoute = Object.entries(at(openApi, 'paths') as object).flatMap(([path, operations]) =>
  Object.keys(operations as object).map((method) => `${method.toUpperCase()} ${path.replaceAll(/[{}]/g, '')}`),
)

for (const env of [{ CI: 'true' }, { CI: '' }]) {
  test(`a whole run that saw a route never succeed is a failure and names it, with CI='${env.CI}'`, async () => {
    assert.equal((await reportWhole(everyRoute, env)).code, 0)
    const { code, lines } = await reportWhole(
      everyRoute.filter((route) => route !== 'POST /oidc/userinfo'),
      env,
    )
    assert.equal(code, 1)
    const heading = lines.indexOf('Routes that no test saw succeed:')
    assert.equal(lines[heading + 1], '  POST /oidc/userinfo')
    assert.match(lines[heading + 2] ?? '', /is a failure/)
    assert.match(lines[heading + 4] ?? '', /tests 1$/)
    assert.match(lines.at(-2) ?? '', /duration_ms/)
  })
}

test('a whole run without a client that is missing fails for no route, unless CI=true', async () => {
  const { code, lines } = await reportWhole([], { CI: '' }, program)
  assert.equal(code, 0)
  assert.ok(lines.includes('  POST /oidc/userinfo'))
  assert.ok(lines.includes('This is no failure, as some tests were not run.'))
})
