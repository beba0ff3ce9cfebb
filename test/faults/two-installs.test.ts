import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from 'node:tls'
import { enableAdmin } from '../harness/arm.ts'
import { basic, get, pushImage } from '../harness/registry.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { tokensOf } from '../rights/tokens.ts'
import { assertDenied, endpointsOf } from './endpoints.ts'
import { openWire } from './wire.ts'

// Two installs are what this file is about, so it starts two servers.
const one = await startServer({ firstStart: true })
after(() => one[Symbol.asyncDispose]())
const other = await startServer({ firstStart: true })
after(() => other[Symbol.asyncDispose]())

const wire = openWire(one)
after(() => wire.close())

const scope = 'repository:team/app:pull'

function filesBelow(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function publishedKeys(server: RunningServer, path: string): Promise<string[]> {
  const { keys } = (await get(server, path)).json() as { keys: { kid: string; x?: string; n?: string }[] }
  assert.ok(keys.length > 0)
  return keys.flatMap(({ kid, x, n }) => [kid, x ?? n ?? 'a key without its number'])
}

function servedCertificate(server: RunningServer): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const at = { host: '127.0.0.1', port: server.port, servername: 'localhost', ca: readFileSync(server.caFile) }
    const socket = connect(at, () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw))
      socket.end()
    })
    socket.on('error', reject)
  })
}

/** Everything of an install that must be its own: names that are drawn, secrets and keys. */
async function whatIsDrawn(server: RunningServer): Promise<Record<string, string>> {
  const { tenantId, subscriptionId, owner, servicePrincipal, caFile } = server.firstRun
  const { password, password2 } = await enableAdmin(server)
  // The keys are made when the first token is.
  await tokensOf(server, servicePrincipal, [scope])
  const ca = new X509Certificate(readFileSync(caFile))
  const leaf = await servedCertificate(server)
  const published = [
    ...(await publishedKeys(server, '/oauth2/keys')),
    ...(await publishedKeys(server, `/${tenantId}/discovery/v2.0/keys`)),
  ]
  const privateKeys = filesBelow(server.dataDir).flatMap((file) => {
    const text = readFileSync(file, 'latin1')
    return text.includes('PRIVATE KEY') && !text.startsWith('SQLite') ? [text] : []
  })
  return {
    tenantId,
    subscriptionId,
    'owner password': owner.password,
    'client id': servicePrincipal.appId,
    'client secret': servicePrincipal.password,
    'admin password': password,
    'second admin password': password2,
    'authority key': ca.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    'authority serial': ca.serialNumber,
    'certificate key': leaf.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    'certificate serial': leaf.serialNumber,
    ...Object.fromEntries(published.map((value, index) => [`published key ${index}`, value])),
    ...Object.fromEntries(privateKeys.map((value, index) => [`private key ${index}`, value])),
  }
}

test('fault 2: two fresh installs differ in every key, every secret and every id, and none repeats', async () => {
  const drawn = [await whatIsDrawn(one), await whatIsDrawn(other)]
  const [ours, theirs] = drawn
  assert.deepEqual(Object.keys(ours ?? {}).sort(), Object.keys(theirs ?? {}).sort())
  const all = drawn.flatMap((install) => Object.values(install))
  assert.equal(new Set(all).size, all.length)
  for (const install of drawn) {
    for (const what of ['owner password', 'client secret', 'admin password', 'second admin password']) {
      assert.ok((install[what]?.length ?? 0) >= 16, `the ${what} is short`)
    }
  }
})

test('fault 2: only the user of the server can read the secret files of an install', () => {
  for (const file of filesBelow(one.dataDir)) {
    const isPublic = file === one.caFile || file.endsWith('.pem')
    const mode = statSync(file).mode & 0o777
    if (isPublic && !readFileSync(file, 'latin1').includes('PRIVATE KEY')) continue
    assert.equal(mode & 0o077, 0, `${file} has mode ${mode.toString(8)}`)
  }
  assert.equal(statSync(one.dataDir).mode & 0o077, 0)
})

test('fault 6: every endpoint denies the tokens and secrets of another install', async () => {
  for (const server of [one, other]) {
    const { appId, password } = server.firstRun.servicePrincipal
    await pushImage(server, 'team/app', '1', basic(appId, password))
  }
  const endpoints = endpointsOf(one, wire, { path: '/v2/team/app/manifests/1', scope })
  const foreign = await tokensOf(other, other.firstRun.servicePrincipal, [scope])
  for (const [kind, token] of Object.entries(foreign)) {
    for (const endpoint of Object.values(endpoints))
      assertDenied(endpoint, await endpoint.present(token), `a foreign ${kind} token`)
  }
  const { appId, password } = other.firstRun.servicePrincipal
  const mixed = [
    basic(appId, password),
    basic(one.firstRun.servicePrincipal.appId, password),
    basic(appId, one.firstRun.servicePrincipal.password),
    basic(one.firstRun.registry, (await enableAdmin(other)).password),
  ]
  for (const authorization of mixed) assert.equal((await get(one, '/v2/', authorization)).status, 401)
})
