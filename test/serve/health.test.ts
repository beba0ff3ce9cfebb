import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'
import { askHost } from './ask-host.ts'
import { listeningPorts } from './listening-ports.ts'

test('`/healthz` and `/readyz` answer 200 without credentials, whatever host is asked', async () => {
  await using server = await startServer()
  for (const path of ['/healthz', '/readyz']) {
    for (const host of [server.firstRun.loginServer, 'somewhere.example.com']) {
      const answer = await askHost(server, host, path)
      assert.equal(answer.status, 200, `${path} at ${host}`)
      assert.deepEqual(JSON.parse(answer.text), { status: 'ok' })
    }
  }
})

test('Metrics are off by default: the process listens on one port, and serves none there', async () => {
  await using server = await startServer()
  assert.deepEqual(await listeningPorts(server.pid), [server.port])
  const answer = await request({ url: `${server.baseUrl}/metrics`, caFile: server.caFile })
  assert.equal(answer.status, 404)
})

test('Metrics have a listener of their own, which serves nothing else and shows nothing of who asked for what', async () => {
  const port = await freePort()
  await using server = await startServer({ args: ['--metrics-listen', `127.0.0.1:${port}`] })
  const secretPath = '/v2/some-secret-project/tags/list'
  await request({ url: `${server.baseUrl}${secretPath}`, caFile: server.caFile })
  const metrics = await request({ url: `http://127.0.0.1:${port}/metrics` })
  assert.equal(metrics.status, 200)
  assert.match(String(metrics.headers['content-type']), /^text\/plain/)
  assert.match(metrics.text(), /^process_resident_memory_bytes \d+/m)
  assert.match(metrics.text(), /^acrux_http_requests_total\{.*\} \d+/m)
  assert.equal(metrics.text().includes('some-secret-project'), false)
  for (const path of ['/', '/v2/', '/healthz']) {
    assert.equal((await request({ url: `http://127.0.0.1:${port}${path}` })).status, 404)
  }
  assert.equal((await request({ url: `${server.baseUrl}/metrics`, caFile: server.caFile })).status, 404)
})
