import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type LogLevel, createLog } from '../log/log.ts'
import { type CompletedRequest, createRequestLog } from './request-log.ts'

const usual: CompletedRequest = {
  correlationId: '00000000-0000-4000-8000-000000000000',
  method: 'GET',
  url: '/v2/',
  host: 'one.example',
  status: 200,
  aborted: false,
  milliseconds: 1.26,
  remoteAddress: '127.0.0.1',
  route: '/v2/*',
  surface: 'registry',
}

function logged(answered: CompletedRequest, level: LogLevel = 'info'): string[] {
  const lines: string[] = []
  createRequestLog(createLog(level, { write: (line) => void lines.push(line) }))(answered)
  return lines
}

test('The line of a request is the same as the line that pino writes', () => {
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  createRequestLog(log)(usual)
  const { correlationId: id, method, host, status, remoteAddress: from } = usual
  log.info({ id, method, path: '/v2/', host, status, milliseconds: 1.3, from })
  const [ours, pinos] = lines.map((line) => line.replace(/"time":"[^"]+"/, '"time":""'))
  assert.equal(ours, pinos)
})

test('A request that its client aborted is logged as aborted', () => {
  const line = JSON.parse(logged({ ...usual, status: 499, aborted: true })[0] ?? '') as object
  assert.partialDeepStrictEqual(line, { path: '/v2/', status: 499, aborted: true, milliseconds: 1.3 })
})

test('A request without a host is logged without a host, and no request is logged below the log level', () => {
  assert.deepEqual(
    Object.keys(JSON.parse(logged({ ...usual, host: undefined })[0] ?? '') as object).includes('host'),
    false,
  )
  assert.deepEqual(logged(usual, 'warn'), [])
})

test('A client cannot add a field or a line to the log, with any value that it sends', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '"',
      '\\',
      '\n',
      '","level":60,"x":"',
      '\u0000',
      '\ud800',
      '\u2028',
      '</script>',
      '"}\n{"level":50',
    ),
    fc.string({ unit: 'binary', maxLength: 600 }),
  )
  const property = fc.property(hostile, hostile, hostile, (path, host, from) => {
    const [line = '', ...more] = logged({ ...usual, url: path, host, remoteAddress: from })
    assert.deepEqual(more, [])
    assert.equal(line.indexOf('\n'), line.length - 1)
    const { time, ...fields } = JSON.parse(line) as Record<string, unknown>
    assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual(fields, {
      level: 30,
      id: usual.correlationId,
      method: 'GET',
      path: (path.split('?')[0] ?? '').slice(0, 512),
      host: host.slice(0, 512),
      status: 200,
      milliseconds: 1.3,
      from: from.slice(0, 512),
    })
  })
  fc.assert(property, { numRuns: 300 })
})
