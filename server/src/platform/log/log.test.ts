import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { createLog } from './log.ts'

/** Returns the lines that `write` wrote to the log. */
function logged(write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = []
  write(createLog('info', { write: (line: string) => lines.push(line) }))
  return lines
}

test('A line is one JSON object with its time, level and fields', () => {
  const [line = '', ...more] = logged((log) => log.info({ id: 'x', status: 200 }, 'done'))
  assert.deepEqual(more, [])
  const { time, ...rest } = JSON.parse(line) as Record<string, unknown>
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(rest, { level: 30, id: 'x', status: 200, msg: 'done' })
})

test('Fields with the name of a secret are redacted at any depth, in lists and in errors, and the logged object is unchanged', () => {
  const error = Object.assign(new Error('failed'), {
    password: 'canary',
    request: { headers: { authorization: 'canary', accept: 'seen' } },
    cause: Object.assign(new Error('because'), { secret: 'canary' }),
  })
  const given = {
    token: 'canary',
    err: error,
    body: { client_secret: 'canary', inner: { list: [{ refresh_token: 'canary' }, 'seen'] } },
  }
  const [line = ''] = logged((log) => log.info(given, 'said'))
  assert.equal(line.includes('canary'), false, line)
  assert.equal(line.match(/"\[redacted\]"/g)?.length, 5, line)
  assert.equal(line.match(/"seen"/g)?.length, 2, line)
  assert.ok(line.includes('because'))
  assert.equal(given.body.client_secret, 'canary')
})

const messages: Readonly<Record<string, object>> = {
  'a request with an Authorization header': { headers: { authorization: 'canary', host: 'seen' } },
  'a sign-in with a user name and password': { grant_type: 'password', username: 'seen', password: 'canary' },
  'a token request with a client secret': { client_id: 'seen', client_secret: 'canary' },
  'a token request with a client assertion': { client_id: 'seen', client_assertion: 'canary' },
  'a token request with a refresh token': { client_id: 'seen', refresh_token: 'canary' },
  'an exchange of an access token': { service: 'seen', access_token: 'canary' },
  'the response to a docker login': { token: 'canary', issued_at: 'seen' },
  'a new client secret': { displayName: 'seen', secretText: 'canary' },
  'a webhook': { properties: { serviceUri: 'seen', secret: 'canary' } },
}
for (const [name, message] of Object.entries(messages)) {
  test(`The log redacts the secret in ${name}, and no other value`, () => {
    const [line = ''] = logged((log) => log.info({ message }, 'said'))
    assert.deepEqual(
      (JSON.parse(line) as { message: unknown }).message,
      JSON.parse(JSON.stringify(message).replace('canary', '[redacted]')),
    )
  })
}

test('An error that is the only argument is logged with its cause and without its secrets', () => {
  const error = Object.assign(new Error('failed', { cause: new Error('because') }), { access_token: 'canary' })
  const [line = ''] = logged((log) => log.error(error))
  assert.equal(line.includes('canary'), false, line)
  assert.ok(line.includes('failed: because'), line)
})

test('Aggregated errors are logged without their secrets', () => {
  const error = new AggregateError([Object.assign(new Error('one of two'), { token: 'canary' })], 'several')
  const [line = ''] = logged((log) => log.error({ err: error }, 'failed'))
  assert.equal(line.includes('canary'), false, line)
  assert.ok(line.includes('one of two'), line)
})

test('No line is lost when the process ends normally, by `process.exit` or by an uncaught error', () => {
  const logFile = JSON.stringify(new URL('log.ts', import.meta.url).href)
  const count = 2000
  for (const end of ['', 'process.exit()', 'setTimeout(() => process.exit(), 5)', 'throw new Error("uncaught")']) {
    const script = `
      const { createLog } = await import(${logFile})
      const log = createLog('info')
      for (let number = 0; number < ${count}; number += 1) log.info({ number })
      ${end}`
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
    const lines = stderr.split('\n').filter((line) => line.startsWith('{"level"'))
    const numbers = new Set(lines.map((line) => (JSON.parse(line) as { number: number }).number))
    assert.equal(numbers.size, count, end)
    assert.equal(lines.length, count, end)
  }
})

test('A warning or an error is written at once, together with all earlier lines', async () => {
  const logFile = JSON.stringify(new URL('log.ts', import.meta.url).href)
  const script = `
    const { createLog } = await import(${logFile})
    const log = createLog('info')
    log.info('before')
    log.error('trouble')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 20)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [before = '', trouble = ''] = (await text(child.stderr)).split('\n')
  assert.match(before, /"before"/)
  assert.match(trouble, /"trouble"/)
})
