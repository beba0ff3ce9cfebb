import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersion, readRequest } from './request.ts'

const request = { apiVersion, kind: 'CredentialProviderRequest', image: 'contoso.example.com/team/app:1' }

async function* chunks(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 7) yield text.slice(at, at + 7)
}

const read = (value: unknown) => readRequest(chunks(typeof value === 'string' ? value : JSON.stringify(value)))

test('a request has an image, and may have the token and the annotations of a service account', async () => {
  assert.deepEqual(await read(request), {
    image: request.image,
    serviceAccountToken: undefined,
    serviceAccountAnnotations: {},
  })
  const full = { ...request, serviceAccountToken: 'a.b.c', serviceAccountAnnotations: { 'acrux.example.com/id': 'x' } }
  assert.deepEqual(await read(full), {
    image: request.image,
    serviceAccountToken: 'a.b.c',
    serviceAccountAnnotations: { 'acrux.example.com/id': 'x' },
  })
  assert.equal((await read({ ...request, serviceAccountToken: '' })).serviceAccountToken, undefined)
})

// prettier-ignore
const malformed: readonly (readonly [sent: unknown, says: RegExp, why: string])[] = [
  ['',                                              /is not a CredentialProviderRequest/, 'no request'],
  ['{',                                             /is not a CredentialProviderRequest/, 'no JSON'],
  [[],                                              /is not a CredentialProviderRequest/, 'no object'],
  [{ ...request, kind: 'Other' },                   /is not a CredentialProviderRequest/, 'another kind'],
  [{ ...request, apiVersion: 'v1beta1' },           /apiVersion/,                         'another version'],
  [{ ...request, image: '' },                       /no valid image/,                     'no image'],
  [{ ...request, image: 'a b' },                    /no valid image/,                     'an image with a space'],
  [{ ...request, image: 'a'.repeat(5000) },         /no valid image/,                     'an image that is too long'],
  [{ ...request, serviceAccountToken: 1 },          /serviceAccountToken/,                'a token that is a number'],
  [{ ...request, serviceAccountAnnotations: 'a' },  /serviceAccountAnnotations/,          'annotations that are a text'],
]

test('other requests are rejected', async () => {
  for (const [sent, says, why] of malformed) await assert.rejects(read(sent), says, why)
})

test('a request that is too large is rejected before all bytes were read', async () => {
  let count = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) {
      count += 1
      yield Buffer.alloc(64 * 1024, ' ')
    }
  }
  await assert.rejects(readRequest(endless()), /more than 1048576 bytes/)
  assert.equal(count, 17)
})
