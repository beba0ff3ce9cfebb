import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { expectStatus } from '../harness/arm.ts'
import { type HttpResponse, request } from '../harness/http.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, digestOf, pushImage, registryUrl } from '../harness/registry.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const quotaBytes = 4_000_000

test('uploads on several servers', async (t) => {
  if (!requirePostgres(t)) return
  await using postgres = await startTestPostgres()
  const database = postgres.createDatabase('acrux')
  const args = ['--limits-registry-quota-bytes', String(quotaBytes)]
  await using a = await startServer({ args: [...database.args, ...args] })
  await using b = await startReplica(a, database, { args })
  await using c = await startReplica(a, database, { args })
  const { servicePrincipal } = a.firstRun
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  const send = (on: RunningServer, method: string, path: string, body?: Buffer | PassThrough): Promise<HttpResponse> =>
    request({
      method,
      url: new URL(path, registryUrl(a)),
      caFile: on.caFile,
      headers: { authorization },
      ...(body !== undefined && { body }),
    })
  const begin = async (on: RunningServer): Promise<string> =>
    expectStatus(await send(on, 'POST', '/v2/team/app/blobs/uploads/'), 202).headers.location ?? ''
  const finish = (on: RunningServer, location: string, bytes: Buffer) =>
    send(on, 'PUT', `${location}&digest=${digestOf(bytes)}`)
  const blobPath = (bytes: Buffer) => `/v2/team/app/blobs/${digestOf(bytes)}`
  /** Waits until a server writes the body of a request to an upload. */
  const untilWritten = async (location: string, answer: Promise<HttpResponse | undefined>): Promise<void> => {
    let early: HttpResponse | undefined
    void answer.then((response) => (early = response))
    const id = /uploads\/([\da-f-]+)/.exec(location)?.[1]
    await until('the request writes', () => {
      assert.equal(early, undefined, `the request was answered: ${early?.status} ${early?.text()}`)
      return database.query(`select is_writing from upload where id = '${id}'`) === '1'
    })
  }
  await pushImage(a, 'team/app', '1', authorization)

  await t.test('an upload continues on any server', async () => {
    const bytes = randomBytes(300_000)
    const location = await begin(a)
    for (const [index, on] of [b, c, b].entries()) {
      const piece = bytes.subarray(index * 100_000, (index + 1) * 100_000)
      assert.equal(
        expectStatus(await send(on, 'PATCH', location, piece), 202).headers.range,
        `0-${index}99999`.replace('0-0', '0-'),
      )
    }
    assert.equal(expectStatus(await send(a, 'GET', location), 204).headers.range, '0-299999')
    expectStatus(await finish(a, location, bytes), 201)
    for (const on of [a, b, c]) assert.ok(bytes.equals(expectStatus(await send(on, 'GET', blobPath(bytes)), 200).body))
    expectStatus(await send(b, 'GET', location), 404)
  })

  await t.test('an upload whose last request outlived PostgreSQL continues on another server', async () => {
    const bytes = randomBytes(200_000)
    const location = await begin(a)
    const body = new PassThrough()
    const patched = send(a, 'PATCH', location, body)
    body.write(bytes.subarray(0, 100_000))
    await untilWritten(location, patched)
    expectStatus(await send(b, 'PATCH', location, bytes), 409)
    await postgres.pause()
    body.end()
    await patched
    await postgres.resume()
    await until('the upload can be ended', async () => (await send(b, 'DELETE', location)).status === 204)
  })

  await t.test('an upload that is finished on two servers at the same moment becomes one blob', async () => {
    const bytes = randomBytes(50_000)
    const location = await begin(a)
    expectStatus(await send(c, 'PATCH', location, bytes), 202)
    const answers = await Promise.all([a, b, c].map((on) => finish(on, location, bytes)))
    const statuses = answers.map(({ status }) => status).toSorted((left, right) => left - right)
    assert.equal(statuses[0], 201, String(statuses))
    assert.ok(
      statuses.slice(1).every((status) => status === 404 || status === 409),
      String(statuses),
    )
    assert.ok(bytes.equals(expectStatus(await send(b, 'GET', blobPath(bytes)), 200).body))
  })

  await t.test('the hash of replaced bytes is not used', async () => {
    const [bytes, others] = [randomBytes(1000), randomBytes(1000)]
    const location = await begin(a)
    expectStatus(await send(a, 'PATCH', location, bytes), 202)
    const lock = (writeEnabled: boolean) =>
      send(b, 'PATCH', '/acr/v1/team%2Fapp', Buffer.from(JSON.stringify({ writeEnabled })))
    expectStatus(await lock(false), 200)
    expectStatus(await finish(b, location, bytes), 405)
    expectStatus(await lock(true), 200)
    expectStatus(await send(b, 'PATCH', location, others), 202)
    expectStatus(await finish(a, location, bytes), 400)
    expectStatus(await send(a, 'GET', blobPath(bytes)), 404)
  })

  await t.test('the staged bytes of other servers count in a quota', async () => {
    const location = await begin(a)
    expectStatus(await send(a, 'PATCH', location, randomBytes(quotaBytes / 2)), 202)
    /** Sends as much by way of another server, and takes it back where it is accepted. */
    const tryAnother = async (): Promise<number> => {
      const another = await begin(b)
      const { status } = await send(b, 'PATCH', another, randomBytes(quotaBytes / 2))
      if (status === 202) expectStatus(await send(b, 'DELETE', another), 204)
      return status
    }
    // Each server reads the staged bytes of the others once a second.
    await until('they count on the other server', async () => (await tryAnother()) === 403)
    expectStatus(await send(c, 'DELETE', location), 204)
    await until('they count no longer', async () => (await tryAnother()) === 202)
  })

  await t.test('a server that was suspended does not finish an upload that another one has claimed', async () => {
    const bytes = randomBytes(200_000)
    const location = await begin(c)
    const body = new PassThrough()
    const late = send(c, 'PUT', `${location}&digest=${digestOf(bytes)}`, body)
    body.write(bytes.subarray(0, 100_000))
    await untilWritten(location, late)
    process.kill(c.pid, 'SIGSTOP')
    try {
      await until('another server has claimed the upload', async () => {
        return (await send(b, 'PATCH', location, Buffer.alloc(0))).status === 202
      })
    } finally {
      process.kill(c.pid, 'SIGCONT')
    }
    body.end(bytes.subarray(100_000))
    expectStatus(await late, 404)
    for (const on of [a, b]) expectStatus(await send(on, 'GET', blobPath(bytes)), 404)
  })

  await t.test('another server does not write while one writes, and continues when that is killed', async () => {
    const bytes = randomBytes(200_000)
    const location = await begin(c)
    expectStatus(await send(b, 'PATCH', location, bytes.subarray(0, 100_000)), 202)
    const slow = new PassThrough()
    slow.write(bytes.subarray(100_000, 150_000))
    const cut = send(c, 'PATCH', location, slow).catch(() => undefined)
    await untilWritten(location, cut)
    expectStatus(await send(a, 'PATCH', location, bytes), 409)
    await c.kill()
    await cut
    // The others wait for several seconds before they take over. An empty body changes nothing if they have done so.
    const killedAtMs = performance.now()
    const early = await send(a, 'PATCH', location, Buffer.alloc(0))
    if (performance.now() - killedAtMs < 3000) expectStatus(early, 409)
    let range = ''
    await until('the upload continues', async () => {
      range = String(expectStatus(await send(a, 'GET', location), 204).headers.range)
      const rest = bytes.subarray(Number(range.slice(2)) + 1)
      return (await send(b, 'PATCH', location, rest)).status === 202
    })
    assert.ok(Number(range.slice(2)) >= 99_999, range)
    expectStatus(await finish(a, location, bytes), 201)
    assert.ok(bytes.equals(expectStatus(await send(b, 'GET', blobPath(bytes)), 200).body))
  })
})
