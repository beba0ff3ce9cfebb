import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { arm, enableAdmin, expectStatus, registryId } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'

const port = await freePort()
const server = await startServer({ args: ['--metrics-listen', `127.0.0.1:${port}`] })
after(() => server[Symbol.asyncDispose]())

const scrape = async () => (await request({ url: `http://127.0.0.1:${port}/metrics` })).text()

/** The value of a sample, by its name and labels as they are written; 0 where there is none. */
function valueOf(metrics: string, sample: string): number {
  const line = metrics.split('\n').find((each) => each.startsWith(`${sample} `))
  return line === undefined ? 0 : Number(line.slice(sample.length + 1))
}

test('docs/reference/monitoring.md names every metric of the server, and no other', async () => {
  const exposed = new Set([...(await scrape()).matchAll(/^# HELP (acrux_\w+) .*\.$/gm)].map(([, name]) => name))
  const page = await readFile(new URL('../../docs/reference/monitoring.md', import.meta.url), 'utf8')
  const documented = new Set([...page.matchAll(/`(acrux_\w+)/g)].map(([, name]) => name))
  assert.deepEqual(documented, exposed)
})

test('requests, tokens, denials, bytes and transactions are counted', async () => {
  const { username, password } = await enableAdmin(server)
  const admin = basic(username, password)
  const before = await scrape()
  await pushImage(server, 'team/app', { tag: 'v1', layers: [Buffer.alloc(1_000_000)] }, admin)
  for (let index = 0; index < 3; index += 1) await get(server, '/v2/team/app/manifests/v1', admin)
  await get(server, '/v2/team/app/manifests/v1', basic(username, 'wrong'))
  await arm(server, 'GET', '/subscriptions')
  await get(server, '/portal/')
  await get(server, '/portal/api/session')
  await get(server, '/graph/v1.0/not-an-endpoint')
  const later = await scrape()
  const grew = (sample: string) => valueOf(later, sample) - valueOf(before, sample)
  assert.ok(grew('acrux_requests_total{surface="registry",outcome="success"}') >= 4)
  assert.ok(grew('acrux_requests_total{surface="registry",outcome="denied"}') >= 1)
  assert.ok(grew('acrux_requests_total{surface="management",outcome="success"}') >= 1)
  assert.ok(grew('acrux_requests_total{surface="portal",outcome="success"}') >= 1)
  assert.ok(grew('acrux_requests_total{surface="portal",outcome="denied"}') >= 1)
  assert.ok(grew('acrux_requests_total{surface="graph",outcome="rejected"}') >= 1)
  assert.ok(grew('acrux_denials_total{surface="registry",reason="invalid-credential"}') >= 1)
  assert.ok(valueOf(later, 'acrux_tokens_issued_total{kind="identity"}') >= 1)
  const received = grew('acrux_network_bytes_total{direction="received"}')
  assert.ok(received >= 1_000_000 && received < 1_300_000, `${received} bytes`)
  assert.ok(grew('acrux_database_commit_seconds_count') >= 1)
  assert.ok(grew('acrux_manifest_cache_reads_total{result="hit"}') >= 2)
  const expiresAt = valueOf(later, 'acrux_certificate_expiry_timestamp_seconds')
  assert.ok(expiresAt > Date.now() / 1000, String(expiresAt))
})

test('no label of a metric contains what a client chose', async () => {
  const { username } = await enableAdmin(server)
  const marker = 'chosenbyaclient'
  const auth = [basic(marker, marker), basic(username, marker), `Bearer ${marker}.${marker}.${marker}`]
  for (const authorization of auth) {
    await get(server, `/v2/${marker}/manifests/${marker}`, authorization)
    await get(server, `/acr/v1/${marker}/_tags/${marker}`, authorization)
    const paths = [`/oauth2/token?service=${marker}`, `/subscriptions/${marker}`, `/${marker}`, `/graph/v1.0/${marker}`]
    for (const path of paths) {
      await request({
        url: `${server.baseUrl}${path}`,
        headers: { authorization, 'user-agent': marker },
        caFile: server.caFile,
      })
    }
  }
  const metrics = await scrape()
  for (const text of [marker, username, server.firstRun.loginServer, '127.0.0.1']) {
    assert.equal(metrics.includes(text), false, text)
  }
})

test('stored bytes and the use of quotas are shown', async () => {
  const { username, password } = await enableAdmin(server)
  await pushImage(server, 'team/quota', { tag: 'v1', layers: [Buffer.alloc(2_000_000, 7)] }, basic(username, password))
  const stored = valueOf(await scrape(), 'acrux_stored_bytes')
  assert.ok(stored >= 2_000_000, String(stored))
  assert.equal(valueOf(await scrape(), 'acrux_quota_highest_use_ratio'), 0)
  const quota = { properties: { limitBytes: stored * 2 } }
  const path = `${registryId(server)}/providers/Acrux.Server/quotas/all`
  expectStatus(await arm(server, 'PUT', path, quota), 201)
  assert.equal(valueOf(await scrape(), 'acrux_quota_highest_use_ratio'), 0.5)
})
