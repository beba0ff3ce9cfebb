import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { serveHttps } from '../harness/token-issuer.ts'
import { mustRun } from '../harness/clients.ts'
import { acruxClient } from './acrux/acrux.ts'
import { step } from './az/az.ts'

const tenantId = '11111111-1111-4111-8111-111111111111'
const subscriptionId = '22222222-2222-4222-8222-222222222222'
const application = { id: 'object', appId: 'app', passwordCredentials: [], keyCredentials: [] }

/** What a cloud with Graph and a vault `local` was asked, and with which body and token. */
type Asked = { readonly line: string; readonly body: string; readonly authorization: string | undefined }

/** Answers for the cloud and for the vault on one port. A vault says which resource its tokens are for. */
async function startCloud(certificate: string, resourceOf: (origin: string) => string) {
  const asked: Asked[] = []
  let polls = 0
  const answer = (origin: string, line: string): unknown => {
    const documents: Readonly<Record<string, unknown>> = {
      'GET /metadata/endpoints': {
        name: 'Acrux',
        resourceManager: origin,
        authentication: { loginEndpoint: origin, audiences: ['https://management.core.windows.net/'] },
        microsoftGraphResourceId: `${origin}/graph/`,
        suffixes: { acrLoginServer: 'azurecr.localhost' },
      },
      [`POST /${tenantId}/oauth2/v2.0/token`]: { token_type: 'Bearer', expires_in: 3599, access_token: 'a.b.c' },
      'GET /subscriptions': {
        value: [{ id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, state: 'Enabled' }],
      },
      'GET /graph/v1.0/applications': { value: [application] },
      'GET /graph/v1.0/applications/object': application,
      'GET /certificates/own/': { cer: certificate },
      'POST /certificates/own/create': { status: 'inProgress' },
      'GET /certificates/own/pending': {
        status: (polls += line.endsWith('/pending') ? 1 : 0) < 1 ? 'inProgress' : 'completed',
      },
    }
    return documents[line]
  }
  const respond = async (origin: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const line = `${incoming.method} ${incoming.url?.split('?')[0]}`
    const { authorization } = incoming.headers
    asked.push({ line, body: await text(incoming), authorization })
    if (line.includes('/certificates/') && authorization === undefined) {
      const challenge = `Bearer authorization="${origin}/${tenantId}", resource="${resourceOf(origin)}"`
      response.writeHead(401, { 'www-authenticate': challenge }).end('{}')
      return
    }
    const document = answer(origin, line)
    if (line.startsWith('PATCH')) response.writeHead(204).end()
    else response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document ?? {}))
  }
  const served = await serveHttps((origin) => (incoming, response) => void respond(origin, incoming, response))
  return { ...served, asked, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

/** A client that is signed in to the cloud. The vault `local` is the host `localhost` of the cloud. */
async function signedIn({ origin, caFile }: { readonly origin: string; readonly caFile: string }) {
  const client = acruxClient()
  const who = ['--service-principal', '-u', 'app', '-p', '-', '--tenant', tenantId]
  await client.text(['login', '--server', origin, '--ca-file', caFile, ...who], { input: 'not a secret of anyone' })
  await client.text(['cloud', 'update', '--suffix-keyvault-dns', `host:${new URL(origin).port}`])
  return client
}

async function newCertificate(): Promise<string> {
  using client = acruxClient()
  const [key, certificate] = ['key.pem', 'cert.pem'].map((name) => join(client.home.path, name))
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '900', '-subj', '/CN=vault']
  await mustRun('openssl', [...args, '-keyout', key ?? '', '-out', certificate ?? ''], { env: client.home.env })
  return readFileSync(certificate ?? '', 'utf8').replaceAll(/-----[^-]+-----|\n/g, '')
}

step('ad app credential reset --keyvault uses a certificate of a vault', ['openssl'], async () => {
  const certificate = await newCertificate()
  await using cloud = await startCloud(certificate, (origin) => origin)
  using client = await signedIn(cloud)
  const reset = ['ad', 'app', 'credential', 'reset', '--id', 'app', '--keyvault', 'local', '--cert', 'own']
  assert.equal(await client.text([...reset, '--query', 'appId', '-o', 'tsv']), 'app')
  const asked = cloud.asked.filter(({ line }) => /certificates|PATCH/.test(line))
  assert.deepEqual(
    asked.map(({ line }) => line),
    ['GET /certificates/own/', 'GET /certificates/own/', 'PATCH /graph/v1.0/applications/object'],
  )
  assert.deepEqual(
    asked.map(({ authorization }) => authorization),
    [undefined, 'Bearer a.b.c', 'Bearer a.b.c'],
  )
  assert.ok(asked.at(-1)?.body.includes(certificate))
  const token = cloud.asked.filter(({ line }) => line.endsWith('/token')).at(-1)
  assert.ok(cloud.asked.some(({ body }) => new URLSearchParams(body).get('scope') === `${cloud.origin}/.default`))
  assert.notEqual(token, undefined)
})

step('ad app credential reset --keyvault --create-cert creates the certificate in the vault', ['openssl'], async () => {
  const certificate = await newCertificate()
  await using cloud = await startCloud(certificate, (origin) => origin)
  using client = await signedIn(cloud)
  const reset = ['ad', 'app', 'credential', 'reset', '--id', 'app', '--keyvault', 'local', '--cert', 'own']
  await client.text([...reset, '--create-cert', '--years', '2'])
  const creation = cloud.asked.find(({ line, body }) => line === 'POST /certificates/own/create' && body !== '')
  const { policy } = JSON.parse(creation?.body ?? '{}') as { policy: Readonly<Record<string, unknown>> }
  assert.deepEqual(policy['issuer'], { name: 'Self' })
  assert.equal((policy['x509_props'] as { validity_months: number }).validity_months, 24)
  assert.ok(cloud.asked.some(({ line }) => line === 'GET /certificates/own/pending'))
  assert.ok(cloud.asked.at(-1)?.body.includes(certificate))
})

step('a vault that asks for a token of another resource gets none', ['openssl'], async () => {
  await using cloud = await startCloud('', () => 'https://management.core.windows.net')
  using client = await signedIn(cloud)
  const reset = ['ad', 'app', 'credential', 'reset', '--id', 'app', '--keyvault', 'local', '--cert', 'own']
  await client.fails(1, /did not return the challenge of a Key Vault/, reset)
  await client.fails(1, /is not the name of a vault/, [...reset, '--keyvault', 'evil.example.com/'])
  const ofVault = cloud.asked.filter(({ line }) => line.includes('/certificates/'))
  assert.deepEqual(
    ofVault.map(({ authorization }) => authorization),
    [undefined],
  )
  assert.ok(!cloud.asked.some(({ line }) => line.startsWith('PATCH')))
})
