import assert from 'node:assert/strict'
import { KeyObject } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { compose } from './compose.ts'
import { loadConfiguration } from '../configuration/index.ts'
import type { HealthReport } from '../platform/metrics/health.ts'
import { createLog } from '../platform/log/log.ts'
import { issueAuthority } from '../platform/tls/issue.ts'
import { selfSignedCertificate } from '../../testing/platform/test-certificate.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/** A server that runs no periodic work, with a separate clock. */
async function open(t: TestContext, flags: Record<string, unknown> = {}) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'acrux-health-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const time = { nowMs: Date.now() }
  const configuration = await loadConfiguration({ flags: { dataDir, publicHost: 'localhost:5443', ...flags }, env: {} })
  const server = await compose(configuration, createLog('silent'), { now: () => time.nowMs })
  t.after(() => server.close())
  await server.app.ready()
  await server.jobs['extend-audit-chain'].run()
  const ready = async () => {
    const answer = await server.app.inject({ url: '/readyz' })
    const report = answer.json<HealthReport>()
    const troubled = report.components.filter(({ state }) => state !== 'ok').map(({ name, state }) => [name, state])
    return { code: answer.statusCode, status: report.status, troubled }
  }
  return { server, dataDir, time, ready, database: path.join(dataDir, 'acrux.db') }
}

const allIsWell = { code: 200, status: 'ok', troubled: [] }

test('a server whose database writer is stuck is unavailable, and available again when it commits', async (t) => {
  const { server, time, ready, database } = await open(t)
  await server.jobs['probe-writer'].run()
  assert.deepEqual(await ready(), allIsWell)
  const other = new DatabaseSync(database)
  other.exec('begin immediate')
  const probing = server.jobs['probe-writer'].run()
  time.nowMs += 29_000
  assert.deepEqual(await ready(), allIsWell)
  time.nowMs += 2000
  const stuck = { code: 503, status: 'unavailable', troubled: [['database-writer', 'unavailable']] }
  assert.deepEqual(await ready(), stuck)
  other.exec('rollback')
  other.close()
  await probing
  time.nowMs += 1000
  assert.deepEqual(await ready(), allIsWell)
})

test('a server that shuts down is unavailable at once', async (t) => {
  const { server, ready } = await open(t)
  assert.deepEqual(await ready(), allIsWell)
  server.drain()
  assert.deepEqual(await ready(), { code: 503, status: 'unavailable', troubled: [['server', 'unavailable']] })
  assert.equal((await server.app.inject({ url: '/healthz' })).statusCode, 200)
})

test('a server that cannot sign tokens is unavailable', async (t) => {
  const { time, ready, database } = await open(t)
  assert.deepEqual(await ready(), allIsWell)
  const other = new DatabaseSync(database)
  other.exec("update signing_key set sealed_private_jwk = x'00', kid = kid || 'x'")
  other.close()
  // The keys are read again after a minute.
  time.nowMs += 61_000
  const { code, troubled } = await ready()
  assert.equal(code, 503)
  assert.deepEqual(troubled[0], ['signing-keys', 'unavailable'])
})

test('a server whose certificate expires soon is degraded, and available', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-health-'))
  t.after(() => rm(directory, { recursive: true }))
  const expiresAtMs = Math.floor((Date.now() + 60 * dayMs) / 1000) * 1000
  const certificate = await selfSignedCertificate(new Date(Date.now() - dayMs), new Date(expiresAtMs), 'P-256')
  const [tlsCert, tlsKey] = [path.join(directory, 'tls.pem'), path.join(directory, 'tls.key')]
  await writeFile(tlsCert, certificate.pem)
  await writeFile(tlsKey, KeyObject.from(certificate.privateKey).export({ type: 'pkcs8', format: 'pem' }))
  const { time, ready } = await open(t, { tlsCert, tlsKey })
  time.nowMs = expiresAtMs - 15 * dayMs
  assert.deepEqual(await ready(), allIsWell)
  const degraded = { code: 200, status: 'degraded', troubled: [['certificate', 'degraded']] }
  for (const leftMs of [13 * dayMs, -dayMs]) {
    time.nowMs = expiresAtMs - leftMs
    assert.deepEqual(await ready(), degraded)
  }
})

test('a server whose own certificate authority expires soon is degraded, and keeps the authority', async (t) => {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'acrux-health-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const { cert, key } = await issueAuthority(Date.now() - 3600 * dayMs)
  await mkdir(path.join(dataDir, 'tls'), { mode: 0o700 })
  await writeFile(path.join(dataDir, 'tls', 'ca.key'), key + cert, { mode: 0o600 })
  const { ready } = await open(t, { dataDir })
  assert.deepEqual(await ready(), { code: 200, status: 'degraded', troubled: [['certificate', 'degraded']] })
  assert.equal(await readFile(path.join(dataDir, 'tls', 'ca.pem'), 'utf8'), cert)
})

test('a server whose audit log is behind is degraded, and available', async (t) => {
  const { server, time, ready } = await open(t)
  const denied = { url: '/subscriptions?api-version=2022-12-01', headers: { authorization: 'Bearer x' } }
  assert.equal((await server.app.inject(denied)).statusCode, 401)
  time.nowMs += minuteMs + 1000
  assert.deepEqual(await ready(), { code: 200, status: 'degraded', troubled: [['audit-chain', 'degraded']] })
  await server.jobs['extend-audit-chain'].run()
  time.nowMs += 1000
  assert.deepEqual(await ready(), allIsWell)
})

test('a signing key that is due for rotation continues to sign while no new key can be stored', async (t) => {
  const { server, time, ready, database } = await open(t)
  assert.deepEqual(await ready(), allIsWell)
  const other = new DatabaseSync(database)
  other.exec("create trigger no_keys before insert on signing_key begin select raise(abort, 'disk full'); end")
  other.close()
  time.nowMs += 92 * dayMs
  await server.jobs['extend-audit-chain'].run()
  const { code, troubled } = await ready()
  assert.equal(code, 200)
  assert.deepEqual(troubled, [['signing-keys', 'degraded']])
})
