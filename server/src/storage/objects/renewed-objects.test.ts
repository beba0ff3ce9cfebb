import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outageOf } from '../../platform/process/outage.ts'
import { until } from '../../../testing/platform/test-patience.ts'
import { StorageUnavailableError } from '../contract/errors.ts'
import type { ObjectStore } from './object-store.ts'
import { renewalOf, renewedObjects } from './renewed-objects.ts'

/** A store that accepts one credential. */
function storeFor(credential: string, accepted: { now: string }, closed: string[] = []): ObjectStore {
  const check = () => {
    if (credential === accepted.now) return
    throw new StorageUnavailableError('the object store answered 403: AuthenticationFailed', { status: 403 })
  }
  const done = async () => check()
  return {
    description: 'a store',
    timeoutMs: 1000,
    put: done,
    head: async () => {
      check()
      return { sizeBytes: 1, metadata: {}, modifiedAtMs: 0 }
    },
    get: async () => {
      check()
      return undefined
    },
    delete: done,
    async *list() {
      check()
      yield* ['a', 'b']
    },
    beginParts: async () => {
      check()
      return 'token'
    },
    putPart: async () => {
      check()
      return 'tag'
    },
    completeParts: done,
    abortParts: done,
    sign: async () => {
      check()
      return 'url'
    },
    close: () => void closed.push(credential),
  }
}

function renewed(intervalMs?: number) {
  const accepted = { now: 'one' }
  const file = { text: 'one' }
  const closed: string[] = []
  let used = 'one'
  const renew = async () => {
    if (file.text === '') throw new Error('the file is being written')
    if (file.text === used) return undefined
    used = file.text
    return storeFor(used, accepted, closed)
  }
  const first = storeFor('one', accepted, closed)
  const objects = renewedObjects(first, { renew, ...(intervalMs !== undefined && { intervalMs }) })
  return { objects, accepted, file, closed, usedNow: () => used }
}

test('every request that is denied is repeated with the new credentials of the file', async () => {
  const requests: readonly ((objects: ObjectStore) => Promise<unknown>)[] = [
    (objects) => objects.put('key', Buffer.alloc(0), {}),
    (objects) => objects.head('key'),
    (objects) => objects.get('key', { signal: new AbortController().signal }),
    (objects) => objects.delete('key'),
    (objects) => Array.fromAsync(objects.list('')),
    (objects) => objects.beginParts('key'),
    (objects) => objects.putPart({ key: 'key', token: '', number: 1 }, Buffer.alloc(0)),
    (objects) => objects.completeParts('key', '', []),
    (objects) => objects.abortParts(''),
    (objects) => objects.sign('key', { contentType: '', expiresAtMs: 0 }),
  ]
  for (const request of requests) {
    const { objects, accepted, file, closed } = renewed()
    await request(objects)
    accepted.now = 'two'
    await assert.rejects(request(objects), StorageUnavailableError)
    file.text = ''
    await assert.rejects(request(objects), StorageUnavailableError)
    file.text = 'two'
    await Promise.all([request(objects), request(objects), request(objects)])
    assert.deepEqual(closed, ['one'])
    objects.close()
    assert.deepEqual(closed, ['one', 'two'])
  }
})

test('new credentials are used before the store denies the old ones', async () => {
  const { objects, file, usedNow } = renewed(1)
  file.text = 'two'
  await until('the new credentials are read', () => Promise.resolve(usedNow() === 'two'))
  objects.close()
})

test('new credentials are tried again if the store could not be opened with them, and are known when it is open', async () => {
  let text = 'one'
  const attempts: string[] = []
  const read = () => Promise.resolve({ text })
  const open = async (credentials: { text: string }) => {
    attempts.push(credentials.text)
    if (attempts.length === 1) throw new Error('too many open files')
    return storeFor(credentials.text, { now: credentials.text })
  }
  const renew = renewalOf(await read(), { read, open })
  assert.equal(await renew(), undefined)
  text = 'two'
  await assert.rejects(renew())
  assert.ok((await renew()) !== undefined)
  assert.equal(await renew(), undefined)
  assert.deepEqual(attempts, ['two', 'two'])
})

test('the outage of a store that denies access names the status', () => {
  const error = new StorageUnavailableError('the object store answered 403: AuthenticationFailed', { status: 403 })
  assert.match(outageOf(error)?.message ?? '', /returned 403/)
  assert.match(outageOf(new StorageUnavailableError('no answer'))?.message ?? '', /cannot be reached/)
})
