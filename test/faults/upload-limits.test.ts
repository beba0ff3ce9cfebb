import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Socket } from 'node:net'
import { principalWithRole, roles } from '../harness/arm.ts'
import { bytesBelow } from '../harness/bytes-below.ts'
import type { HttpResponse } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'
import { assertBounded } from './memory.ts'
import { openSocket, openWire } from './wire.ts'

const perRepository = 5
const perCaller = 8
const limits = {
  '--limits-max-uploads-per-repository': perRepository,
  '--limits-max-concurrent-uploads-per-caller': perCaller,
}
const server = await startServer({ args: Object.entries(limits).flat().map(String) })
after(() => server[Symbol.asyncDispose]())
const connections = 4
const wire = openWire(server, connections)
after(() => wire.close())

const { servicePrincipal, loginServer } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const bob = await principalWithRole(server, 'bob', roles.acrPush)
const other = basic(bob.appId, bob.password)
await pushImage(server, 'team/app', '1', owner)

async function begin(repository: string, authorization: string, on = wire): Promise<HttpResponse> {
  return on.send({ method: 'POST', target: `/v2/${repository}/blobs/uploads/`, authorization })
}

async function cancel(locations: readonly string[], authorization: string): Promise<void> {
  for (const target of locations) await wire.send({ method: 'DELETE', target, authorization })
}

function assertTooMany(answer: HttpResponse): void {
  assert.equal(answer.status, 429, answer.text())
  assert.equal(stringAt(answer.json(), 'errors', 0, 'code'), 'TOOMANYREQUESTS')
}

test('fault 47: a repository has a maximum of open uploads, and a cancelled one makes room', async () => {
  const locations: string[] = []
  for (let count = 0; count < perRepository; count++) {
    const begun = await begin('capped', owner)
    assert.equal(begun.status, 202)
    locations.push(begun.headers.location ?? '')
  }
  assertTooMany(await begin('capped', owner))
  assertTooMany(await begin('capped', other))
  const another = await begin('another', other)
  assert.equal(another.status, 202)
  await cancel(locations.splice(0, 1), owner)
  const again = await begin('capped', other)
  assert.equal(again.status, 202)
  await cancel([another.headers.location ?? '', again.headers.location ?? ''], other)
  await cancel(locations, owner)
})

test('fault 47: beyond what a caller may have open, its oldest idle upload gives way, and none of others', async () => {
  const locations: string[] = []
  for (let count = 0; count < perCaller; count++) {
    const begun = await begin(`r${count}`, owner)
    assert.equal(begun.status, 202, `the upload ${count}: ${begun.text()}`)
    locations.push(begun.headers.location ?? '')
  }
  const theirs = await begin('more', other)
  assert.equal(theirs.status, 202)
  const next = await begin('more', owner)
  assert.equal(next.status, 202, next.text())
  const open = async (target: string, authorization: string) =>
    (await wire.send({ target, authorization })).status === 204
  const states: boolean[] = []
  for (const location of locations) states.push(await open(location, owner))
  assert.deepEqual(states, [false, ...locations.slice(1).map(() => true)])
  assert.ok(await open(theirs.headers.location ?? '', other), 'an upload of another caller gave way')
  await cancel([theirs.headers.location ?? ''], other)
  await cancel([...locations.slice(1), next.headers.location ?? ''], owner)
})

test('fault 47: concurrent starts exceed the limit by no more than the requests in flight', async () => {
  const answers = await Promise.all(Array.from({ length: 60 }, async () => begin('crowded', owner)))
  const begun = answers.filter((answer) => answer.status === 202)
  for (const answer of answers) if (answer.status !== 202) assertTooMany(answer)
  assert.ok(begun.length >= perRepository)
  assert.ok(begun.length < perRepository + connections, `${begun.length} uploads were begun`)
  assertTooMany(await begin('crowded', owner))
  await cancel(
    begun.map((answer) => answer.headers.location ?? ''),
    owner,
  )
})

test('fault 47: an abandoned upload expires, and its bytes are removed', async () => {
  await using own = await startServer({ args: ['--upload-expiry-seconds', '6', '--gc-interval-seconds', '1'] })
  const ownWire = openWire(own)
  try {
    const authorization = basic(own.firstRun.servicePrincipal.appId, own.firstRun.servicePrincipal.password)
    const heldBytes = () => bytesBelow(join(own.dataDir, 'blobs'))
    const before = heldBytes()
    const begun = await begin('expiring', authorization, ownWire)
    assert.equal(begun.status, 202, begun.text())
    const body = Buffer.alloc(3_000_000, 'x')
    const patched = await ownWire.send({
      method: 'PATCH',
      target: begun.headers.location ?? '',
      authorization,
      body,
    })
    assert.equal(patched.status, 202)
    assert.ok(heldBytes() >= before + body.length)
    const target = patched.headers.location ?? ''
    await until('the upload is gone', async () => (await ownWire.send({ target, authorization })).status === 404)
    await until('its bytes are gone', () => heldBytes() < before + body.length)
  } finally {
    ownWire.close()
  }
})

test('fault 47: very many slow senders do not delay others', async () => {
  const sockets: Socket[] = []
  after(() => {
    for (const socket of sockets) socket.destroy()
  })
  await assertBounded(server, { milliseconds: 30_000, mebibytes: 150 }, async () => {
    const begun = await begin('slow', owner)
    for (let count = 0; count < 150; count++) {
      const socket = await openSocket(server)
      socket.on('error', () => undefined)
      sockets.push(socket)
      const line = count % 3 === 0 ? 'GET /v2/ HTTP/1.1\r\nHost: ' : `PATCH ${begun.headers.location} HTTP/1.1\r\n`
      const head = `Host: ${loginServer}\r\nAuthorization: ${owner}\r\nContent-Length: 1000000\r\n`
      socket.write(count % 3 === 0 ? line : count % 3 === 1 ? line + head : `${line}${head}\r\nx`)
    }
    const took: number[] = []
    for (let count = 0; count < 10; count++) {
      const started = performance.now()
      const read = await wire.send({ target: '/v2/team/app/manifests/1', authorization: owner })
      assert.equal(read.status, 200)
      took.push(performance.now() - started)
    }
    // Any one may be held up by what else this machine does; those who send slowly would hold up all of them.
    assert.ok(Math.min(...took) < 2000, 'every pull waits for those who send slowly')
  })
  for (const socket of sockets) socket.destroy()
})
