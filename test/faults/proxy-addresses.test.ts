import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { DatabaseSync } from 'node:sqlite'
import type { HttpResponse } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { basic } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { repeatWith, seeded } from './seeded.ts'
import { exchangeBytes, openWire, statusOf, valuesOf, type Header } from './wire.ts'

// The test is the proxy: it connects from loopback, which is listed.
const server = await startServer({
  args: ['--behind-proxy', '127.0.0.1', '--behind-proxy', '10.0.0.0/8', '--behind-proxy', 'fd00::/8'],
})
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { servicePrincipal, loginServer } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)

async function say(headers: readonly Header[], authorization = owner): Promise<HttpResponse> {
  return wire.send({ target: '/v2/', authorization, headers })
}

/** Where the server says that a request came from, in the log line with its correlation id. */
async function addressOf(headers: readonly Header[]): Promise<string> {
  const answer = await say(headers)
  const id = String(answer.headers['x-ms-correlation-request-id'])
  const line = (): string | undefined =>
    server
      .output()
      .split('\n')
      .find((one) => one.includes(id) && one.includes('"from"') && one.endsWith('}'))
  await until(`a line of the log with the id ${id}`, () => line() !== undefined)
  return String(at(JSON.parse(line() ?? ''), 'from'))
}

const cases: readonly { forwarded: readonly string[]; from: string; why: string }[] = [
  { forwarded: [], from: '127.0.0.1', why: 'nothing is said' },
  { forwarded: ['203.0.113.7'], from: '203.0.113.7', why: 'the proxy says it' },
  { forwarded: ['198.51.100.1, 203.0.113.7'], from: '203.0.113.7', why: 'only the last was written by the proxy' },
  { forwarded: ['127.0.0.1, 203.0.113.7'], from: '203.0.113.7', why: 'a client that claims to be the proxy' },
  { forwarded: ['203.0.113.7, 10.1.2.3'], from: '203.0.113.7', why: 'two proxies that are listed' },
  {
    forwarded: ['198.51.100.1, 203.0.113.7, 10.1.2.3'],
    from: '203.0.113.7',
    why: 'two proxies, and a lie before them',
  },
  { forwarded: ['203.0.113.7, 11.1.2.3'], from: '11.1.2.3', why: 'a proxy that is not listed is a client' },
  { forwarded: ['203.0.113.7', '10.1.2.3'], from: '203.0.113.7', why: 'the header is sent twice' },
  { forwarded: ['203.0.113.7,10.1.2.3,   10.9.9.9'], from: '203.0.113.7', why: 'blanks do not matter' },
  { forwarded: ['2001:db8::7, fd00::1'], from: '2001:db8::7', why: 'addresses of six' },
  { forwarded: ['10.1.2.3, 10.1.2.4'], from: '10.1.2.3', why: 'proxies all the way: the farthest' },
]

for (const { forwarded, from, why } of cases) {
  test(`fault 52: behind a proxy, ${forwarded.join(' and ') || 'no address'} is read as ${from}: ${why}`, async () => {
    assert.equal(await addressOf(forwarded.map((value) => ['X-Forwarded-For', value])), from)
  })
}

test('fault 52: other headers that name an address are not believed', async () => {
  for (const name of [
    'X-Real-IP',
    'Forwarded',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'Via',
  ]) {
    assert.equal(await addressOf([[name, name === 'Forwarded' ? 'for=203.0.113.7' : '203.0.113.7']]), '127.0.0.1', name)
  }
})

test('fault 52: forwarding headers do not change what clients receive', async () => {
  const bare = valuesOf(await wire.send({ target: '/v2/' }), 'www-authenticate')
  assert.equal(bare.length, 1)
  assert.match(bare[0] ?? '', new RegExp(`service="${loginServer}"`))
  for (const headers of [
    [['X-Forwarded-Proto', 'https']],
    [['X-Forwarded-Proto', 'http']],
    [['X-Forwarded-Proto', 'javascript']],
    [['X-Forwarded-Host', 'evil.example.com']],
    [['X-Forwarded-Host', `evil.azurecr.localhost:${server.port}`]],
    [['X-Forwarded-Port', '1']],
    [
      ['X-Forwarded-For', '203.0.113.7'],
      ['X-Forwarded-Host', 'evil.example.com'],
      ['X-Forwarded-Proto', 'http'],
    ],
  ] as Header[][]) {
    const answer = await wire.send({ target: '/v2/', headers })
    assert.ok(!answer.rawHeaders.join().includes('evil'), headers.join())
    assert.equal(answer.status, 401)
    assert.deepEqual(valuesOf(answer, 'www-authenticate'), bare, headers.join())
    assert.equal((await say(headers)).status, 200)
    const token = await wire.send({ target: `/oauth2/token?service=${loginServer}`, headers })
    assert.equal(token.status, 401, `the token endpoint, ${headers.join()}`)
  }
})

const oddities = [
  '',
  ' ',
  ',',
  ',,,,',
  ', 203.0.113.7',
  '203.0.113.7,',
  'unknown',
  '_hidden',
  '203.0.113.7:4711',
  '[2001:db8::7]:443',
  '[2001:db8::7]',
  '2001:db8::7%eth0',
  '::ffff:203.0.113.7',
  '::ffff:127.0.0.1',
  '256.1.1.1',
  '1.2.3',
  '0x7f.1',
  '2130706433',
  '127.1',
  '017700000001',
  'localhost',
  'null',
  '"203.0.113.7"',
  'for=203.0.113.7',
  '\t203.0.113.7\t',
  '203.0.113.7;10.1.2.3',
  '203.0.113.7 10.1.2.3',
  '10.0.0.0/8',
  '*',
  '<script>',
  '${jndi:x}',
  '%31',
  "' or 1=1--",
  '١٢٧.٠.٠.١',
  'é',
  '../../etc/passwd',
  '1'.repeat(5000),
  '10.1.2.3,'.repeat(800),
  `${'10.1.2.3,'.repeat(700)}203.0.113.7`,
]

test('fault 52: an odd address never fails the server, and never passes for the proxy', async () => {
  for (const value of oddities) {
    const latin = Buffer.from(value, 'utf8').toString('latin1')
    const answer = await say([['X-Forwarded-For', latin]])
    assert.equal(answer.status, 200, JSON.stringify(value.slice(0, 60)))
    const denied = await say([['X-Forwarded-For', latin]], basic('nobody', 'wrong'))
    assert.equal(denied.status, 401, JSON.stringify(value.slice(0, 60)))
  }
})

test('fault 52: addresses that are put together at random never fail the server', async () => {
  const random = seeded()
  const names = [
    'X-Forwarded-For',
    'x-forwarded-for',
    'X-Forwarded-Proto',
    'X-Forwarded-Host',
    'Forwarded',
    'X-Real-IP',
  ]
  const glue = [',', ', ', ';', ' ', ',,', '\t']
  for (let round = 0; round < 400; round++) {
    const headers = Array.from({ length: random.between(1, 4) }, (): Header => {
      const pieces = Array.from({ length: random.between(1, 12) }, () =>
        random.pick([...oddities, ...cases.map((one) => one.from)]),
      )
      const value = pieces.join(random.pick(glue)).slice(0, 6000)
      return [random.pick(names), Buffer.from(value, 'utf8').toString('latin1')]
    })
    const total = headers.reduce((sum, [, value]) => sum + value.length, 0)
    const answer = await say(total > 12_000 ? headers.slice(0, 1) : headers)
    assert.equal(answer.status, 200, `${JSON.stringify(headers).slice(0, 400)}; ${repeatWith(random)}`)
  }
})

test('fault 52: very many forwarded addresses are denied as a whole, or taken', async () => {
  const lines = Array.from({ length: 1500 }, (_, index) => `X-Forwarded-For: 10.0.${index >> 8}.${index & 255}`)
  const own = ['Connection: close', `Host: ${loginServer}`, `Authorization: ${owner}`]
  const head = ['GET /v2/ HTTP/1.1', ...own, ...lines, '', ''].join('\r\n')
  const status = statusOf(await exchangeBytes(server, head, 120_000))
  assert.ok(status !== undefined && status < 500, `status ${status}`)
  assert.equal((await say([])).status, 200)
})

test('fault 52: the audit trail has the address of the client and never that of a lie', async () => {
  await say([['X-Forwarded-For', '198.51.100.99, 203.0.113.42']], basic('nobody', 'wrong'))
  const database = new DatabaseSync(join(server.dataDir, 'acrux.db'), { readOnly: true })
  try {
    const tables = database.prepare("select name from sqlite_master where type = 'table' and name like 'audit%'").all()
    const rows = (tables as { name: string }[]).flatMap(({ name }) => database.prepare(`select * from "${name}"`).all())
    const text = JSON.stringify(rows)
    assert.ok(text.includes('203.0.113.42'))
    assert.ok(!text.includes('198.51.100.99'))
  } finally {
    database.close()
  }
})
