import assert from 'node:assert/strict'
import https from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { issueAuthority, issueServerCertificate } from '../tls/issue.ts'
import { AcmeError } from './acme-error.ts'
import { createSignedRequests, problemText } from './signed-requests.ts'

const { signal } = new AbortController()

/** A provider that answers every request with `respond`. */
async function startProvider(t: TestContext, respond: https.ServerOptions & { readonly answer: AnswerFunction }) {
  const authority = await issueAuthority(Date.now())
  const hosts = { dnsNames: ['localhost'], addresses: ['127.0.0.1'] }
  const pair = await issueServerCertificate(authority, hosts, Date.now())
  const server = https.createServer(pair, (request, response) => {
    const { status = 200, headers = {}, body = '{}' } = respond.answer(request.method ?? '', request.url ?? '')
    request.resume().once('end', () => response.writeHead(status, headers).end(body))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, requests: createSignedRequests(`${origin}/dir`, authority.cert) }
}

type AnswerFunction = (
  method: string,
  path: string,
) => { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string }

async function newSigner() {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  return { key: { privateKey, publicJwk: await exportJWK(publicKey) }, accountUrl: undefined }
}

const rejected: readonly { url: (origin: string) => string; why: string }[] = [
  { url: (origin) => origin.replace('127.0.0.1', '127.0.0.2'), why: 'a private address of another host' },
  { url: (origin) => origin.replace('127.0.0.1', 'localhost'), why: 'another name with a private address' },
  { url: () => 'https://169.254.169.254/', why: 'the metadata address of a cloud' },
  { url: (origin) => origin.replace('https:', 'http:'), why: 'plain HTTP' },
]

for (const { url, why } of rejected) {
  test(`documents of a provider cannot lead the server to ${why}`, async (t) => {
    const { origin, requests } = await startProvider(t, { answer: () => ({}) })
    assert.deepEqual((await requests.get(`${origin}/`, signal)).json, {})
    await assert.rejects(requests.get(url(origin), signal), { name: 'OutboundError', failure: 'address' })
  })
}

test('the client does not read a response that is too long', async (t) => {
  const { origin, requests } = await startProvider(t, { answer: () => ({ body: 'x'.repeat(300_000) }) })
  await assert.rejects(requests.get(`${origin}/`, signal), { failure: 'too-large' })
})

test('the client does not follow a redirect', async (t) => {
  const answer = () => ({ status: 302, headers: { location: 'https://example.com/' } })
  const { origin, requests } = await startProvider(t, { answer })
  await assert.rejects(requests.get(`${origin}/`, signal), { name: 'AcmeError', message: /status 302/ })
})

test('the client repeats a request with a new nonce if the provider rejects the nonce, a limited number of times', async (t) => {
  let posts = 0
  const answer: AnswerFunction = (method) => {
    if (method === 'POST') posts += 1
    const headers = { 'replay-nonce': `nonce-${posts}` }
    return { status: method === 'POST' ? 400 : 200, headers, body: '{"type":"urn:ietf:params:acme:error:badNonce"}' }
  }
  const { origin, requests } = await startProvider(t, { answer })
  requests.useNonces(`${origin}/nonce`)
  const posted = requests.post(`${origin}/order`, {}, await newSigner(), signal)
  await assert.rejects(posted, { name: 'AcmeError', type: 'badNonce' })
  assert.equal(posts, 6)
})

test('the error for a rejected request contains the reason and the delay that the provider sent', async (t) => {
  const body = '{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}'
  const answer = () => ({ status: 429, headers: { 'retry-after': '3600' }, body })
  const { origin, requests } = await startProvider(t, { answer })
  const error: unknown = await requests.get(`${origin}/`, signal).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof AcmeError)
  assert.deepEqual([error.type, error.retryAfterMs], ['rateLimited', 3_600_000])
  assert.match(error.message, /rejected the request: too many certificates \(rateLimited\)/)
})

test('the text of a problem contains the texts of its subproblems', () => {
  const part = (detail: unknown) => ({ detail })
  assert.equal(problemText({ detail: 'a', subproblems: [part('b'), part(1), null] }), 'a; b')
  for (const none of [undefined, null, 'text', [], {}]) assert.equal(problemText(none), undefined)
})
