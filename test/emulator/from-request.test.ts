import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { enableAdmin } from '../harness/arm.ts'
import { startEmulator } from '../harness/emulator.ts'
import { forwardTo } from '../harness/forward.ts'
import { form, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, pushImage } from '../harness/registry.ts'

const emulator = await startEmulator({ args: ['--public-host', 'from-request'] })
/** Two ports outside of a container, which the emulator does not know. */
const inside = Number(new URL(emulator.ready.url).port)
const outside = [await forwardTo(inside), await forwardTo(inside)]
after(async () => {
  for (const each of outside) await each[Symbol.asyncDispose]()
  await emulator[Symbol.asyncDispose]()
})

const { ready } = emulator
const own = emulator.server()

/** The server as clients outside of the container know it. */
function seenAt(port: number): ReturnType<typeof emulator.server> {
  const url = `https://localhost:${port}`
  const loginServer = `localhost:${port}`
  return { ...own, baseUrl: url, port, firstRun: { ...own.firstRun, loginServer, resourceManager: url } }
}

async function json(url: string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await request({ url, headers, caFile: own.caFile })
  assert.equal(answer.status, 200, `${url}: ${answer.text()}`)
  return answer.json()
}

/** A token of the owner for ARM, as an SDK requests it at the address that it was given. */
async function armToken(url: string): Promise<string> {
  const { appId, secret } = ready.owner
  const fields = { grant_type: 'client_credentials', client_id: appId, client_secret: secret, scope: `${url}/.default` }
  const answer = await request({
    method: 'POST',
    url: `${url}/${ready.tenantId}/oauth2/v2.0/token`,
    ...form(fields),
    caFile: own.caFile,
  })
  assert.equal(answer.status, 200, answer.text())
  return stringAt(answer.json(), 'access_token')
}

for (const { port } of outside) {
  test(`the addresses of the emulator follow the port ${port === outside[0]?.port ? 'of the client' : 'of another client'}`, async () => {
    const url = `https://localhost:${port}`
    const challenge = await request({ url: `${url}/v2/`, caFile: own.caFile })
    assert.equal(
      challenge.headers['www-authenticate'],
      `Bearer realm="${url}/oauth2/token",service="localhost:${port}"`,
    )
    const discovery = await json(`${url}/${ready.tenantId}/v2.0/.well-known/openid-configuration`)
    assert.equal(stringAt(discovery, 'issuer'), `${url}/${ready.tenantId}/v2.0`)
    assert.equal(stringAt(discovery, 'token_endpoint'), `${url}/${ready.tenantId}/oauth2/v2.0/token`)
    const metadata = await json(`${url}/metadata/endpoints?api-version=2022-09-01`)
    assert.equal(stringAt(metadata, 'resourceManager'), `${url}/`)
    assert.equal(stringAt(metadata, 'authentication', 'loginEndpoint'), url)
    assert.equal(stringAt(metadata, 'suffixes', 'acrLoginServer'), `azurecr.localhost:${port}`)
    const headers = { authorization: `Bearer ${await armToken(url)}` }
    const registries = await json(
      `${url}/subscriptions/${ready.subscriptionId}/providers/Microsoft.ContainerRegistry/registries?api-version=2023-07-01`,
      headers,
    )
    assert.deepEqual(
      listAt(registries, 'value').map((each) => at(each, 'properties', 'loginServer')),
      [`localhost:${port}`],
    )
  })

  test(`an image is pushed at the port ${port === outside[0]?.port ? 'of the client' : 'of another client'}`, async () => {
    const server = seenAt(port)
    const admin = await enableAdmin(server)
    const token = await accessToken(server, admin, ['repository:team/app:pull,push'])
    await pushImage(server, 'team/app', String(port), `Bearer ${token}`)
  })
}

test('a token of one address is not valid at another one', async () => {
  const [first, second] = outside.map(({ port }) => `https://localhost:${port}`)
  assert.ok(first !== undefined && second !== undefined)
  const headers = { authorization: `Bearer ${await armToken(first)}` }
  const url = `${second}/subscriptions?api-version=2022-12-01`
  assert.equal((await request({ url, headers, caFile: own.caFile })).status, 401)
})

test('the certificate is valid for the name that a client requests', async () => {
  const { port } = new URL(ready.url)
  const ca = readFileSync(own.caFile)
  for (const servername of ['registry', 'localhost']) {
    const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca, servername })
    await once(socket, 'secureConnect')
    socket.destroy()
  }
})

test('a host that is none is not used', async () => {
  const { port } = new URL(ready.url)
  const socket = connectTls({
    host: '127.0.0.1',
    port: Number(port),
    ca: readFileSync(own.caFile),
    servername: 'localhost',
  })
  socket.end('GET /v2/ HTTP/1.1\r\nHost: a<script>\r\nConnection: close\r\n\r\n')
  const answer = await text(socket)
  assert.match(answer, /^HTTP\/1\.1 4/)
  assert.equal(answer.includes('script'), false)
})

/** The references of two images that a seed returns. */
async function seededReferences(query = ''): Promise<string[]> {
  const images = [{ ref: 'acrux/seeded:1' }, { ref: 'contoso/seeded:1' }]
  const seed = JSON.stringify({ version: 1, registries: [{ name: 'contoso' }], images })
  const { status, json: answer } = await emulator.control('POST', `/_acrux/seed${query}`, seed)
  assert.equal(status, 200, JSON.stringify(answer))
  return images.map(({ ref }) => stringAt(answer, 'outputs', 'images', ref, 'reference'))
}

test('the references of a seed have the host of the latest request, or the named host', async () => {
  for (const { port } of outside) {
    await request({ url: `https://localhost:${port}/v2/`, caFile: own.caFile })
    const expected = [`localhost:${port}/seeded:1`, `contoso.azurecr.localhost:${port}/seeded:1`]
    assert.deepEqual(await seededReferences(), expected)
  }
  const named = ['registry:5443/seeded:1', 'contoso.azurecr.localhost:5443/seeded:1']
  assert.deepEqual(await seededReferences('?publicHost=registry:5443'), named)
  const wrong = await emulator.control('POST', '/_acrux/seed?publicHost=a/b', '{"version":1}')
  assert.deepEqual([wrong.status, stringAt(wrong.json, 'error', 'code')], [400, 'InvalidRequest'])
})
