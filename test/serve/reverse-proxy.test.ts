import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { makeImage, pull, push } from '../clients/az/podman.ts'
import { clientHome, mustRun, requireClient, requireRoot } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { freePlace, readyLine, startAcrux } from './acrux.ts'
import { page, startReverseProxy } from './reverse-proxy.ts'

async function checkProxy(t: TestContext, name: 'nginx' | 'caddy'): Promise<void> {
  if (!requireClient(t, name, 'podman', 'openssl') || !requireRoot(t)) return
  using place = await freePlace()
  await using proxy = await startReverseProxy(name, place.port)
  const { caFile } = proxy
  const host = `localhost:${proxy.port}`
  await using server = await startAcrux([...place.args, '--http', '--behind-proxy', '127.0.0.1', '--public-host', host])
  assert.equal(readyLine(server), `https://${host}`)
  await proxy.ready()
  const answer = await request({ url: `https://${host}/v2/`, caFile })
  assert.equal(answer.status, 401, proxy.said())
  assert.equal(
    answer.headers['www-authenticate'],
    `Bearer realm="https://${host}/oauth2/token",service="${host}"`,
    'the challenge names the public host and https',
  )

  using home = clientHome(caFile)
  const firstRun: unknown = JSON.parse(readFileSync(join(place.dataDir, 'first-run.json'), 'utf8'))
  const appId = stringAt(firstRun, 'servicePrincipal', 'appId')
  const password = stringAt(firstRun, 'servicePrincipal', 'password')
  await mustRun('podman', ['login', '-u', appId, '--password-stdin', host], { env: home.env, input: password })
  await makeImage(home, 'localhost/proxied:1', 'x'.repeat(3 * 1024 * 1024))
  const digest = await push(home, 'localhost/proxied:1', `${host}/proxied:1`)
  assert.equal(await pull(home, `${host}/proxied:1`), digest)

  const forged = { 'x-forwarded-for': '203.0.113.9', authorization: 'Basic bm9ib2R5Om5vdGhpbmc=' }
  await request({ url: `https://${host}/v2/`, caFile, headers: forged })
  const exported = await mustRun(process.execPath, [mainFile, 'audit', 'export', '--data-dir', place.dataDir], {
    env: home.env,
  })
  const addresses = exported.stdout
    .trim()
    .split('\n')
    .map((line) => at(JSON.parse(line), 'remoteAddress'))
  assert.ok(addresses.includes('127.0.0.1'))
  assert.ok(!addresses.includes('203.0.113.9'), 'a client cannot choose its address')
}

test('the nginx configuration of the how-to page serves pushes and pulls', (t) => checkProxy(t, 'nginx'))

test('the Caddy configuration of the how-to page serves pushes and pulls', (t) => checkProxy(t, 'caddy'))

test('the page has the setting that the configurations need', () => {
  assert.match(page, /^behindProxy: \[127\.0\.0\.1\]/m)
})
