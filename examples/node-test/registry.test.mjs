// A test with a registry of its own: it starts Acrux, pushes a manifest with the password of a service principal, and holds
// that nobody can pull it without one. Run it with: node --test
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

let folder, server, origin, firstRun

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'))
  const port = await freePort()
  origin = `http://localhost:${port}`
  const args = ['--dev', '--http', '--listen', `127.0.0.1:${port}`, '--data-dir', join(folder, 'data')]
  server = spawn('acrux', ['serve', ...args, '--log-level', 'error'], { stdio: ['ignore', 'ignore', 'inherit'] })
  while (!(await fetch(`${origin}/readyz`).catch(() => undefined))?.ok) {
    if (server.exitCode !== null) throw new Error(`acrux serve ended with ${server.exitCode}`)
    await sleep(50)
  }
  firstRun = JSON.parse(await readFile(join(folder, 'data', 'first-run.json'), 'utf8'))
})

after(async () => {
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill()
  await ended
  await rm(folder, { recursive: true })
})

test('a service principal pushes and pulls a manifest', async () => {
  const authorization = `Bearer ${await accessToken('repository:team/app:pull,push')}`
  const config = await pushBlob('team/app', Buffer.from('{}'), authorization)
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: config, size: 2 },
    layers: [],
  })
  const url = `${origin}/v2/team/app/manifests/1`
  const pushed = await fetch(url, {
    method: 'PUT',
    headers: { authorization, 'content-type': mediaType },
    body: manifest,
  })
  assert.equal(pushed.status, 201, await pushed.text())
  const pulled = await fetch(url, { headers: { authorization, accept: mediaType } })
  assert.equal(await pulled.text(), manifest)
})

test('a pull without a token is denied', async () => {
  const denied = await fetch(`${origin}/v2/team/app/manifests/1`)
  assert.equal(denied.status, 401)
  assert.match(denied.headers.get('www-authenticate') ?? '', /^Bearer realm=/)
})

/** A token for one repository, by the password of the first service principal. */
async function accessToken(scope) {
  const { appId, password } = firstRun.servicePrincipal
  const query = new URLSearchParams({ service: firstRun.loginServer, scope })
  const authorization = `Basic ${Buffer.from(`${appId}:${password}`).toString('base64')}`
  const response = await fetch(`${origin}/oauth2/token?${query}`, { headers: { authorization } })
  assert.equal(response.status, 200)
  return (await response.json()).access_token
}

/** Uploads a blob in one request, and returns its digest. */
async function pushBlob(repository, bytes, authorization) {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const begun = await fetch(`${origin}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers: { authorization } })
  const url = new URL(begun.headers.get('location') ?? '', origin)
  url.searchParams.set('digest', digest)
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  const stored = await fetch(url, { method: 'PUT', headers, body: bytes })
  assert.equal(stored.status, 201, await stored.text())
  return digest
}

/** A port that no program uses. */
function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })
}
