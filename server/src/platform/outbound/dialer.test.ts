import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DialerOptions, beforeAbort, createDialer, readResponse } from './dialer.ts'
import { openTestHttpsServer } from '../../../testing/platform/test-https-server.ts'

async function openDialer(t: { after: (close: () => Promise<void>) => void }, options: Partial<DialerOptions> = {}) {
  let requests = 0
  const server = await openTestHttpsServer((_request, response) => {
    requests += 1
    response.end('0123456789')
  })
  t.after(server.close)
  const dialer = createDialer({
    isAllowed: () => true,
    authorities: () => [server.ca],
    maxHeaderBytes: 16_384,
    maxConcurrent: 1,
    ...options,
  })
  return { dialer, url: new URL(`https://localhost:${server.port}/`), requests: () => requests }
}

test('whether an address is allowed also depends on the URL', async (t) => {
  const { dialer, url, requests } = await openDialer(t, { isAllowed: (_address, { pathname }) => pathname === '/open' })
  await assert.rejects(dialer.open(new URL('/closed', url), { headers: {} }), { failure: 'address' })
  assert.equal(requests(), 0)
  const response = await dialer.open(new URL('/open', url), { headers: {} })
  assert.equal((await readResponse(response, url.host, 10)).toString(), '0123456789')
})

test('plain HTTP connects only to loopback addresses', async (t) => {
  const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }, { address: '192.0.2.1', family: 4 }]) // prettier-ignore
  const { dialer } = await openDialer(t, { resolve })
  await assert.rejects(dialer.open(new URL('http://issuer.example/'), { headers: {} }), { failure: 'address' })
})

test('after an exchange has failed, the next exchange can start', async (t) => {
  const { dialer, url } = await openDialer(t)
  const read = (maxBytes: number) =>
    dialer.exchange(url, { headers: {} }, (response) => readResponse(response, url.host, maxBytes))
  const [first, second] = await Promise.allSettled([read(9), read(10)])
  assert.equal(first.status === 'rejected' && first.reason.failure, 'too-large')
  assert.equal(second.status === 'rejected' && second.reason.failure, 'busy')
  assert.equal((await read(10)).byteLength, 10)
})

test('a request whose signal has aborted is not sent', async (t) => {
  const { dialer, url, requests } = await openDialer(t)
  const signal = AbortSignal.abort()
  await assert.rejects(dialer.open(url, { headers: {}, signal }), { failure: 'timeout' })
  await assert.rejects(beforeAbort(signal, new Promise(() => {})), { name: 'AbortError' })
  assert.equal(requests(), 0)
})
