import assert from 'node:assert/strict'
import { createSecretKey, publicEncrypt, randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { form, type HttpResponse } from '../harness/http.ts'
import { basic, get, nullGuid, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { tokensOf } from '../rights/tokens.ts'
import { attackerKeys, forgedFrom, partsOf, signedBy, tampered } from './forged-token.ts'
import { assertBounded } from './memory.ts'
import { exchangeBytes, openWire, statusOf } from './wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server)
after(() => wire.close())

const { loginServer: service, servicePrincipal, tenantId } = server.firstRun
const scope = 'repository:team/app:pull'
await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
const genuine = await tokensOf(server, servicePrincipal, [scope])

const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const filled = (sizeBytes: number, piece = 'A'): string => piece.repeat(Math.ceil(sizeBytes / piece.length))

/** Tokens that cost a careless parser much; each of them has about this size. */
function burdens(sizeBytes: number): Record<string, string> {
  const header = { ...partsOf(genuine.access).header }
  const claims = partsOf(genuine.access).claims
  const keys = attackerKeys('ES256')
  const nested = filled(sizeBytes / 3, '[') + filled(sizeBytes / 3, ']')
  return {
    'nothing but dots': filled(sizeBytes, '.'),
    'very many parts': filled(sizeBytes, 'eyJ9.'),
    'one endless part': filled(sizeBytes, 'eyJh'),
    'an endless header': signedBy(keys, { ...header, pad: filled(sizeBytes / 2) }, claims),
    'endless claims': signedBy(keys, header, { ...claims, pad: filled(sizeBytes / 2) }),
    'an endless signature': tampered(genuine.access, {}) + filled(sizeBytes),
    'an endless kid': signedBy(keys, { ...header, kid: filled(sizeBytes / 2) }, claims),
    'a header that nests without end': `${Buffer.from(nested).toString('base64url')}.${json(claims)}.AAAA`,
    'claims that nest without end': signedBy(keys, header, nested),
    'very many critical headers': signedBy(keys, { ...header, crit: filled(sizeBytes / 6, 'x').split('') }, claims),
    'very many claims': signedBy(
      keys,
      header,
      Object.fromEntries(Array.from({ length: Math.floor(sizeBytes / 12) }, (_, index) => [`c${index}`, index])),
    ),
    'an access list without end': signedBy(keys, header, {
      ...claims,
      access: Array.from({ length: Math.floor(sizeBytes / 8) }, () => ({})),
    }),
    'a number without end': signedBy(keys, header, `{"exp":${filled(sizeBytes / 2, '9')}}`),
  }
}

/** The endpoints of a form and of a header, where a token is read. */
async function showEverywhere(token: string): Promise<HttpResponse[]> {
  const post = async (target: string, fields: Record<string, string>): Promise<HttpResponse> => {
    const sent = form(fields)
    return wire.send({ method: 'POST', target, headers: Object.entries(sent.headers), body: sent.body })
  }
  return [
    await post('/oauth2/token', { grant_type: 'refresh_token', service, scope, refresh_token: token }),
    await post('/oauth2/token', { grant_type: 'password', service, scope, username: nullGuid, password: token }),
    await post('/oauth2/exchange', { grant_type: 'access_token', service, tenant: tenantId, access_token: token }),
  ]
}

async function showInHeader(token: string): Promise<HttpResponse[]> {
  const headers = [`Bearer ${token}`, basic(nullGuid, token)]
  const targets = ['/v2/', '/v2/team/app/manifests/1', '/subscriptions', '/graph/v1.0/servicePrincipals']
  const answers: HttpResponse[] = []
  for (const authorization of headers) {
    for (const target of targets) answers.push(await wire.send({ target, authorization }))
  }
  return answers
}

function assertRejectedQuietly(answers: readonly HttpResponse[], what: string): void {
  for (const answer of answers) {
    const { status } = answer
    assert.ok(status >= 400 && status < 500, `${what}: status ${status}: ${answer.text().slice(0, 200)}`)
  }
}

test('fault 7: tokens that are a burden to read are rejected in bounded time and memory, by form and by header', async () => {
  await assertBounded(server, { milliseconds: 20_000, mebibytes: 150 }, async () => {
    for (const [what, token] of Object.entries(burdens(900_000))) {
      assertRejectedQuietly(await showEverywhere(token), what)
    }
    for (const [what, token] of Object.entries(burdens(9000))) {
      assertRejectedQuietly(await showInHeader(token), what)
    }
  })
})

test('fault 7: a header of ten megabytes of dots ends with a rejection and is not kept', async () => {
  await assertBounded(server, { milliseconds: 20_000, mebibytes: 100 }, async () => {
    const head = `GET /v2/ HTTP/1.1\r\nHost: ${service}\r\nAuthorization: Bearer ${filled(10_000_000, '.')}\r\n\r\n`
    const status = statusOf(await exchangeBytes(server, head))
    assert.ok(status === undefined || status === 400 || status === 431, `status ${status}`)
    const long = { grant_type: 'refresh_token', service, scope, refresh_token: filled(10_000_000, '.') }
    const sent = form(long)
    const headers = Object.entries(sent.headers)
    const answer = await wire.send({ method: 'POST', target: '/oauth2/token', headers, body: sent.body })
    assert.equal(answer.status, 413)
  })
})

test('fault 7: an encrypted token where a signed one is expected is denied and never unpacked', async () => {
  const { publicKey } = attackerKeys('RS256')
  const bomb = deflateRawSync(Buffer.alloc(100_000_000))
  const encrypted = (header: object, key: Buffer): string =>
    [json(header), key.toString('base64url'), json('iv'), bomb.toString('base64url'), json('tag')].join('.')
  const kid = partsOf(genuine.access).header['kid']
  const wrapped = publicEncrypt(publicKey, randomBytes(32))
  const direct = createSecretKey(randomBytes(32)).export()
  const cases = {
    'RSA-OAEP and zip': encrypted({ alg: 'RSA-OAEP', enc: 'A256GCM', zip: 'DEF', kid }, wrapped),
    'dir and zip': encrypted({ alg: 'dir', enc: 'A256GCM', zip: 'DEF', kid }, direct),
    'PBES2 with endless rounds': encrypted(
      { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 2_147_483_647, p2s: 'c2FsdA', kid },
      wrapped,
    ),
    'the genuine algorithm': encrypted({ ...partsOf(genuine.access).header, enc: 'A256GCM', zip: 'DEF' }, wrapped),
  }
  await assertBounded(server, { milliseconds: 5000, mebibytes: 80 }, async () => {
    for (const [what, token] of Object.entries(cases)) {
      assertRejectedQuietly(await showEverywhere(token), what)
      assertRejectedQuietly(await showInHeader(token.slice(0, 8000)), what)
    }
  })
})

test('fault 7: header parameters that change how a token is read do not change it here', async () => {
  const keys = attackerKeys('ES256')
  const headers: Record<string, object> = {
    'zip DEF': { zip: 'DEF' },
    'crit of something unknown': { crit: ['http://example.com/unknown'], 'http://example.com/unknown': true },
    'crit b64': { crit: ['b64'], b64: false },
    'b64 without crit': { b64: false },
    'an empty crit': { crit: [] },
    'crit of exp': { crit: ['exp'], exp: 1 },
    'cty JWT': { cty: 'JWT' },
    'alg none': { alg: 'none' },
    'alg HS256': { alg: 'HS256' },
    'alg of the prototype': { alg: 'constructor' },
    'alg a list': { alg: ['ES256'] },
    'no alg': { alg: undefined },
  }
  for (const [what, header] of Object.entries(headers)) {
    for (const token of Object.values(genuine)) {
      for (const shown of [tampered(token, header), forgedFrom(token, keys, header)]) {
        assertRejectedQuietly(await showEverywhere(shown), what)
        assertRejectedQuietly(await showInHeader(shown), what)
      }
    }
  }
})

test('fault 7: a token in another encoding or form than it was issued in is denied', async () => {
  const { access } = genuine
  const [head = '', body = '', signature = ''] = access.split('.')
  const padded = (part: string): string => part.padEnd(Math.ceil(part.length / 4) * 4, '=')
  const cases: Record<string, string> = {
    'with padding': [head, body, padded(signature)].join('.'),
    'in JSON': JSON.stringify({ protected: head, payload: body, signature }),
    'with blanks': `${head}. ${body}.${signature}`,
    'with a line end': `${access}\n`,
    'with a fourth part': `${access}.`,
    'in upper case': access.toUpperCase(),
    twice: `${access},${access}`,
    'with NUL': `${access}\u0000`,
    'in UTF-8 beyond ASCII': `${access}é`,
  }
  const accepted: string[] = []
  for (const [what, token] of Object.entries(cases)) {
    const fields = form({ grant_type: 'password', service, scope, username: nullGuid, password: token })
    const headers = Object.entries(fields.headers)
    const answer = await wire.send({ method: 'POST', target: '/oauth2/token', headers, body: fields.body })
    accepted.push(...(answer.status === 401 ? [] : [`${what}: ${answer.status}`]))
  }
  assert.deepEqual(accepted, [])
  assert.equal((await get(server, '/v2/team/app/manifests/1', `Bearer ${access}`)).status, 200)
})
