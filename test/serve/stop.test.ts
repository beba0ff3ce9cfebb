import assert from 'node:assert/strict'
import { Agent } from 'node:https'
import { test } from 'node:test'
import { request } from '../harness/http.ts'
import { at } from '../harness/json.ts'
import { basic, digestOf, get } from '../harness/registry.ts'
import { sendHalf, type HalfSent } from '../harness/send-half.ts'
import { startServer, type RunningServer, type Ended } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const body = Buffer.alloc(4 * 1024 * 1024, 'layer ')

function ownerOf(server: RunningServer): string {
  const { appId, password } = server.firstRun.servicePrincipal
  return basic(appId, password)
}

/** An upload in one request, of which half has been sent. */
function halfAnUpload(server: RunningServer): Promise<HalfSent> {
  const url = `${server.baseUrl}/v2/team/app/blobs/uploads/?digest=${digestOf(body)}`
  const headers = { authorization: ownerOf(server), 'content-type': 'application/octet-stream' }
  return sendHalf(server, { method: 'POST', url, headers }, body)
}

/** Longer than `stop` waits: it kills the server first, and says so. */
const longerThanPatience = ['--shutdown-seconds', '3600']

test('SIGTERM during an upload lets it finish, accepts no new connection, and ends with code 0', async () => {
  await using server = await startServer()
  const upload = await halfAnUpload(server)
  const ended = server.stop()
  await until('no new connection is taken', () =>
    request({ url: `${server.baseUrl}/healthz`, caFile: server.caFile }).then(
      () => false,
      (error: unknown) => at(error, 'code') === 'ECONNREFUSED',
    ),
  )
  upload.rest()
  assert.equal((await upload.answer).status, 201)
  assert.deepEqual(await ended, { code: 0, signal: null })
  await server.restart()
  const blob = await get(server, `/v2/team/app/blobs/${digestOf(body)}`, ownerOf(server))
  assert.equal(blob.status, 200)
  assert.ok(blob.body.equals(body))
})

test('SIGTERM cuts an upload that takes longer than it may, and ends with code 0', async () => {
  await using server = await startServer({ args: ['--shutdown-seconds', '1'] })
  await using patient = await startServer({ args: longerThanPatience })
  const upload = await halfAnUpload(server)
  const awaited = await halfAnUpload(patient)
  const begun = performance.now()
  const patientEnd = patient.stop()
  const first = await Promise.race([server.stop(), patientEnd.then(() => 'the patient server' as const)])
  assert.deepEqual(first, { code: 0, signal: null })
  assert.ok(performance.now() - begun > 900, 'the upload is given its second')
  await assert.rejects(upload.answer, { code: 'ECONNRESET' })
  awaited.rest()
  assert.equal((await awaited.answer).status, 201)
  assert.deepEqual(await patientEnd, { code: 0, signal: null })
  await server.restart()
  const blob = await get(server, `/v2/team/app/blobs/${digestOf(body)}`, ownerOf(server))
  assert.equal(blob.status, 404)
})

test('A connection on which nothing is asked does not hold up the end', async () => {
  await using server = await startServer({ args: longerThanPatience })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    const answer = await request({ url: `${server.baseUrl}/healthz`, agent, caFile: server.caFile })
    assert.equal(answer.status, 200)
    assert.deepEqual(await server.stop(), { code: 0, signal: null })
  } finally {
    agent.destroy()
  }
})

for (const workers of ['1', '2']) {
  test(`after SIGTERM, a server with ${workers} worker(s) accepts connections for drainSeconds, is not ready, and closes connections`, async () => {
    await using server = await startServer({ args: ['--drain-seconds', '4', '--workers', workers] })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      const ask = (path: string, kept?: Agent) =>
        request({ url: `${server.baseUrl}${path}`, caFile: server.caFile, ...(kept !== undefined && { agent: kept }) })
      const manifest = '/v2/team/app/manifests/1'
      for (const path of ['/readyz', manifest]) {
        const { headers } = await ask(path, agent)
        assert.equal(headers.connection, 'keep-alive')
      }
      const begun = performance.now()
      const ended = server.stop()
      await until('the server is not ready', async () => (await ask('/readyz')).status === 503)
      const { headers } = await ask(manifest, agent)
      assert.equal(headers.connection, 'close')
      assert.equal((await ask('/healthz')).status, 200)
      assert.deepEqual(await ended, { code: 0, signal: null })
      assert.ok(performance.now() - begun > 3900, 'the listener is open for the time')
      await assert.rejects(ask('/healthz'), { code: 'ECONNREFUSED' })
    } finally {
      agent.destroy()
    }
  })
}

test('SIGINT ends the server as SIGTERM does', async () => {
  await using server = await startServer()
  const ended: Ended = await server.kill('SIGINT')
  assert.deepEqual(ended, { code: 0, signal: null })
})
