import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { readTokenRequest } from './token-request.ts'

type Sent = { readonly method?: string; readonly url?: string; readonly headers?: Readonly<Record<string, string>> }

const imds = '/metadata/identity/oauth2/token'
const query = 'api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.core.windows.net%2F'
const local = { host: '127.0.0.1:40342' }
const metadata = { ...local, metadata: 'true' }

function read(
  { method = 'GET', url = `${imds}?${query}`, headers = metadata }: Sent,
  { imds: allowsImds = true } = {},
) {
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]))
  const request = { method, url, headers, headersDistinct } as unknown as IncomingMessage
  return readTokenRequest(request, { header: 'secret', imds: allowsImds })
}

test('a request has the form of a virtual machine, of App Service or of Azure Machine Learning', () => {
  const resource = 'https://management.core.windows.net/'
  assert.deepEqual(read({}), { shape: 'imds', resource, wanted: undefined })
  assert.deepEqual(read({ url: `/msi/token/?${query}`, headers: { ...local, 'x-identity-header': 'secret' } }), {
    shape: 'app-service',
    resource,
    wanted: undefined,
  })
  assert.deepEqual(read({ url: `/msi/token?${query}&clientid=a`, headers: { ...local, secret: 'secret' } }), {
    shape: 'azure-ml',
    resource,
    wanted: { client_id: 'a' },
  })
})

// prettier-ignore
const denied: readonly (readonly [sent: Sent, status: number, why: string])[] = [
  [{ headers: { ...metadata, host: 'attacker.example.com' } },             400, 'another host, as after DNS rebinding'],
  [{ headers: { metadata: 'true' } },                                      400, 'no host'],
  [{ headers: { ...metadata, 'x-forwarded-for': '192.0.2.1' } },           400, 'from a proxy'],
  [{ headers: { ...metadata, origin: 'https://attacker.example.com' } },   400, 'from a page in a browser'],
  [{ url: `http://attacker.example.com${imds}?${query}` },                 400, 'a target with another host'],
  [{ url: `//attacker.example.com${imds}?${query}` },                      400, 'a target that is no path'],
  [{ url: `/other?${query}` },                                             404, 'another path'],
  [{ method: 'POST' },                                                     405, 'another method'],
  [{ headers: local },                                                     400, 'no Metadata header'],
  [{ url: `/msi/token?${query}`, headers: local },                         401, 'no secret'],
  [{ url: `/msi/token?${query}`, headers: { ...local, secret: 'wrong' } }, 401, 'a wrong secret'],
  [{ url: `${imds}?resource=a` },                                          400, 'no version'],
  [{ url: `${imds}?api-version=1` },                                       400, 'no resource'],
  [{ url: `${imds}?${query}&resource=b` },                                 400, 'a repeated parameter'],
  [{ url: `${imds}?${query}&client_id=a&object_id=b` },                    400, 'two identities'],
  [{ url: `${imds}?${query}&client_id=` },                                 400, 'an empty id'],
  [{ url: `${imds}?${query}&client_id=${'a'.repeat(3000)}` },              400, 'a value that is too long'],
]

test('other requests are denied', () => {
  for (const [sent, status, why] of denied) {
    const answer = read(sent)
    assert.equal('status' in answer ? answer.status : undefined, status, why)
  }
})

test('a request without the form of a virtual machine needs the secret', () => {
  const answer = read({}, { imds: false })
  assert.equal('status' in answer ? answer.status : undefined, 403)
})
