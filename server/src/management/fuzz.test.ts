import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import fc from 'fast-check'
import { rows } from './routes.ts'
import {
  type Answer,
  at,
  newRegistry,
  openTestManagement,
  registryPath,
  subscriptionId,
} from '../../testing/management/test-management.ts'

const server = await openTestManagement()
const { arm, send } = server
test.after(() => server.close())
const path = registryPath('contoso')
await arm('PUT', path, newRegistry({ adminUserEnabled: true }))

/** Sends a request whose parts no client library would let through. */
function sendRaw(
  method: string,
  target: string,
  headers: http.OutgoingHttpHeaders,
  body: Buffer | string,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(server.base)
    const framed = { ...headers, 'content-length': Buffer.byteLength(body) }
    const request = http.request({ host: '127.0.0.1', port, method, path: target, headers: framed }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', reject)
    request.end(body)
  })
}

function assertRejectionOrAnswer({ status, body, text }: Answer): void {
  assert.ok(status >= 200 && status < 500, `${status} ${text}`)
  if (status < 400) return
  assert.equal(typeof at(body, 'error', 'code'), 'string', text)
  assert.equal(typeof at(body, 'error', 'message'), 'string', text)
}

const authorization = `Bearer ${server.ownerToken}`
const patch = JSON.stringify({ properties: { adminUserEnabled: false } })

// prettier-ignore
const contentTypes: readonly (readonly [type: string | undefined, taken: boolean])[] = [
  ['application/json',                true],
  ['APPLICATION/JSON',                true],
  ['application/json; charset=utf-8', true],
  ['application/json;x="\t"',         true],
  ['application/json ; a=b',          true],
  ['\tapplication/json',              true],
  ['text/json',                       true],
  ['application/json,text/plain',     false],
  ['application/jsonx',               false],
  ['application/ json',               false],
  ['application/x-www-form-urlencoded', false],
  ['multipart/form-data; boundary=a', false],
  ['text/plain',                      false],
  ['text/plain; application/json',    false],
  ['*/*',                             false],
  ['',                                false],
  [';',                               false],
  [undefined,                         false],
]

for (const [type, taken] of contentTypes) {
  test(`a body of type ${JSON.stringify(type)} is ${taken ? 'read and checked' : 'not read'}`, async () => {
    await arm('PATCH', path, { properties: { adminUserEnabled: true } })
    const headers = { authorization, ...(type !== undefined && { 'content-type': type }) }
    const status = await sendRaw('PATCH', `${path}?api-version=1`, headers, patch)
    assert.equal(status, taken ? 200 : 415)
    const shown = await arm('GET', path)
    assert.equal(at(shown.body, 'properties', 'adminUserEnabled'), !taken)
    const bad = JSON.stringify({ properties: { adminUserEnabled: 'false' } })
    assert.equal(await sendRaw('PATCH', `${path}?api-version=1`, headers, bad), taken ? 400 : 415)
  })
}

// prettier-ignore
const bodies: readonly (readonly [body: string | Buffer, status: number, why: string])[] = [
  ['',                                             400, 'nothing'],
  ['{',                                            400, 'no JSON'],
  ['null',                                         400, 'null'],
  ['[]',                                           400, 'a list'],
  ['"x"',                                          400, 'a text'],
  ['{"properties":{"adminUserEnabled":NaN}}',      400, 'no number of JSON'],
  ['['.repeat(100_000),                            400, 'depth without an end'],
  [`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, 400, 'depth'],
  [Buffer.from([0x7b, 0xff, 0x7d]),                400, 'no UTF-8'],
  [Buffer.from('\ufeff{}'),                        400, 'a byte order mark'],
  [`{"a":"${'x'.repeat(1024 * 1024)}"}`,           413, 'more than a mebibyte'],
  ['{"tags":{"\\ud800":"\\udfff"}}',               200, 'half characters'],
  ['{"tags":{"a":"\\u0000"}}',                     400, 'a zero'],
  ['{"properties":{"__proto__":{"adminUserEnabled":true}}}', 200, 'a prototype'],
  ['{"a":1,"a":2}',                                400, 'a key twice, unknown'],
]

for (const [body, status, why] of bodies) {
  test(`a body of ${why} is answered with ${status}`, async () => {
    const headers = { authorization, 'content-type': 'application/json' }
    assert.equal(await sendRaw('PATCH', `${path}?api-version=1`, headers, body), status)
  })
}

test('routes without a body ignore one', async () => {
  await arm('PATCH', path, { properties: { adminUserEnabled: true } })
  for (const type of ['application/json', 'text/plain']) {
    const headers = { authorization, 'content-type': type }
    assert.equal(await sendRaw('POST', `${path}/listCredentials?api-version=1`, headers, ''), 200)
    assert.equal(await sendRaw('POST', `${path}/listCredentials?api-version=1`, headers, '{'), 200)
    assert.equal(await sendRaw('DELETE', `${registryPath('nosuch')}?api-version=1`, headers, '{'), 204)
  }
})

const word = fc.oneof(
  fc.constantFrom(
    subscriptionId,
    'Default',
    'contoso',
    'password',
    '..',
    '.',
    '%2e%2e',
    '%00',
    '%2F',
    '%ff',
    '%',
    ';',
    '*',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => encodeURIComponent(text.toWellFormed())),
)

test('no path, query or method causes a server error', async () => {
  const routes = fc.constantFrom(...rows.map((row) => row.path))
  const request = fc.tuple(
    fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
    routes,
    fc.array(word, { minLength: 4, maxLength: 4 }),
    fc.option(word),
    fc.option(word),
  )
  await fc.assert(
    fc.asyncProperty(request, async ([method, template, words, filter, version]) => {
      let index = 0
      const target = template.replaceAll(/:[A-Za-z]+/g, () => words[index++] ?? 'x')
      const query = `api-version=${version ?? '1'}${filter === null ? '' : `&$filter=${filter}`}`
      const headers = { authorization, 'content-type': 'application/json' }
      const status = await sendRaw(method, `${target || '/'}?${query}`, headers, method === 'GET' ? '' : '{}')
      assert.ok(status >= 200 && status < 500, `${method} ${target}?${query} gave ${status}`)
    }),
    { numRuns: 400 },
  )
})

test('no JSON body causes a server error, at any route', async () => {
  const known = fc.constantFrom(
    'properties',
    'sku',
    'name',
    'location',
    'tags',
    'policies',
    'retentionPolicy',
    'status',
    'principalId',
    'roleDefinitionId',
    'principalType',
    'condition',
    'adminUserEnabled',
    'identity',
    'type',
    'days',
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom('Premium', 'enabled', 'local'),
      tie('object'),
    ),
    object: fc.dictionary(known, tie('value'), { maxKeys: 6 }),
  }))
  const withBody = rows.filter(({ method }) => method === 'PUT' || method === 'PATCH' || method === 'POST')
  const paths = withBody
    .filter(({ id }) => !id.includes('signingKeys'))
    .map(
      (row) =>
        [
          row.method,
          row.path
            .replace(':subscriptionId', subscriptionId)
            .replace(':resourceGroup', 'Default')
            .replace(':registry', 'contoso')
            .replace(':name', '10000000-0000-4000-8000-00000000000f'),
        ] as const,
    )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), value, async ([method, target], body) => {
      assertRejectionOrAnswer(await arm(method, target, undefined, { raw: JSON.stringify(body) }))
    }),
    { numRuns: 400 },
  )
})

test('unusual headers cause no server error', async () => {
  for (const token of [
    'a'.repeat(10_000),
    '.'.repeat(8000),
    '\u00ff',
    'e30.e30.',
    'e30.e30.e30',
    `${server.ownerToken} x`,
  ]) {
    const answer = await send('GET', '/subscriptions?api-version=1', { headers: { authorization: `Bearer ${token}` } })
    assert.equal(answer.status, 401, token.slice(0, 20))
  }
})
