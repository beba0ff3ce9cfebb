import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { assignRole, createServicePrincipal, expectStatus, registryId, roles } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { accessToken, basic, digestOf, get, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { until } from '../harness/until.ts'

const limits = ['--request-seconds', '2', '--slow-client-seconds', '2'] as const
const rates = ['--min-upload-bytes-per-second', '1000', '--min-download-bytes-per-second', '1000'] as const
const flags = [...limits, ...rates].map((one) => (one.startsWith('--') ? `--limits-${one.slice(2)}` : one))

const server = await startServer({ args: flags })
after(() => server[Symbol.asyncDispose]())
const { loginServer, servicePrincipal } = server.firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)

type Heard = { text: string; bytes: number; isClosed: boolean; readonly closedAfterMs: () => number }

async function open({ port, caFile }: RunningServer = server): Promise<{ socket: TLSSocket; heard: Heard }> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(caFile) })
  await once(socket, 'secureConnect')
  const begunMs = performance.now()
  let closedMs = Number.NaN
  const heard: Heard = { text: '', bytes: 0, isClosed: false, closedAfterMs: () => closedMs - begunMs }
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closedMs = performance.now()
    heard.isClosed = true
  })
  return { socket, heard }
}

function listen(socket: TLSSocket, heard: Heard): void {
  socket.on('data', (chunk: Buffer) => {
    heard.bytes += chunk.length
    if (heard.text.length < 2000) heard.text += chunk.toString('latin1')
  })
}

test('a request that does not arrive in time is answered with 408 and cut off, wherever it goes', async () => {
  const requests = {
    'no byte at all': '',
    'half a header': `GET /v2/ HTTP/1.1\r\nHost: ${loginServer}\r\nX-A: `,
    'a form': `POST /oauth2/token HTTP/1.1\r\nHost: ${loginServer}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\na=b`,
    'a manifest': `PUT /v2/team/app/manifests/1 HTTP/1.1\r\nHost: ${loginServer}\r\nAuthorization: ${owner}\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: 1000\r\n\r\n{`,
    'a document': `PUT /subscriptions/x HTTP/1.1\r\nHost: ${loginServer}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
  }
  const opened = await Promise.all(
    Object.entries(requests).map(async ([name, text]) => {
      const { socket, heard } = await open()
      listen(socket, heard)
      socket.write(text === '' ? '' : text, 'latin1')
      // A byte now and then must not help.
      const trickle = setInterval(() => text !== '' && !heard.isClosed && socket.write('x'), 300)
      return { name, heard, trickle }
    }),
  )
  for (const { name, heard, trickle } of opened) {
    await until(`the end of ${name}`, () => heard.isClosed)
    clearInterval(trickle)
    // Node itself looks at headers, after 30 seconds at the latest.
    assert.ok(heard.closedAfterMs() < 45_000, `${name}: ${heard.closedAfterMs()} ms`)
  }
  const { heard } = opened.find(({ name }) => name === 'a manifest') ?? assert.fail()
  assert.match(heard.text, /^HTTP\/1\.1 408 /)
  assert.ok(heard.closedAfterMs() < 15_000, `${heard.closedAfterMs()} ms`)
  const line = /disconnected a client whose request did not arrive in time/
  await until('a line in the log', () => line.test(server.output()))
})

type Sender = { readonly to: RunningServer; readonly authorization: string }

async function beginUpload({ to, authorization }: Sender): Promise<string> {
  const url = `${registryUrl(to)}/v2/team/slow/blobs/uploads/`
  const begun = expectStatus(await request({ method: 'POST', url, headers: { authorization }, caFile: to.caFile }), 202)
  return new URL(begun.headers.location ?? '', url).pathname
}

async function upload(
  everyMs: number,
  piece: Buffer,
  pieces: number,
  sender: Sender = { to: server, authorization: owner },
): Promise<Heard> {
  const path = await beginUpload(sender)
  const { socket, heard } = await open(sender.to)
  listen(socket, heard)
  socket.write(
    `PATCH ${path} HTTP/1.1\r\nHost: ${sender.to.firstRun.loginServer}\r\nAuthorization: ${sender.authorization}\r\nContent-Length: ${piece.length * pieces}\r\n\r\n`,
  )
  for (let sent = 0; sent < pieces && !heard.isClosed; sent += 1) {
    socket.write(piece)
    await sleep(everyMs)
  }
  await until('an answer, or the end', () => heard.isClosed || heard.text.includes('\r\n\r\n'))
  socket.destroy()
  return heard
}

test('an upload may take longer than any other request, and has to have its minimum rate', async () => {
  const [steady, slow] = await Promise.all([upload(250, Buffer.alloc(1000), 24), upload(250, Buffer.alloc(10), 1000)])
  assert.match(steady.text, /^HTTP\/1\.1 202 /, 'twice the minimum rate for six seconds')
  assert.match(slow.text, /^(?:HTTP\/1\.1 408 |$)/, 'far below the minimum rate')
})

test('an upload over the share of its caller waits while others send requests, and still has to have its minimum rate', async () => {
  await using paced = await startServer({ args: [...flags, '--limits-processor-percent-per-caller', '1'] })
  const { firstRun } = paced
  const hog = basic(firstRun.servicePrincipal.appId, firstRun.servicePrincipal.password)
  const made = await createServicePrincipal(paced, 'other')
  await assignRole(paced, made.objectId, roles.acrPush, registryId(paced))
  const other = basic(made.appId, made.password)
  const ended: string[] = []
  const push = async (name: string, mebibytes: number, authorization: string) => {
    await pushBlob(paced, `team/${name}`, Buffer.alloc(mebibytes * 1024 * 1024, name), authorization)
    ended.push(name)
  }
  const polls = setInterval(() => void get(paced, '/v2/', other).catch(() => undefined), 50)
  const slow = upload(250, Buffer.alloc(10), 1000, { to: paced, authorization: hog })
  const pushes = [push('large', 32, hog), sleep(1000).then(() => push('small', 8, other))]
  await Promise.all(pushes)
  assert.match((await slow).text, /^(?:HTTP\/1\.1 408 |$)/)
  clearInterval(polls)
  assert.deepEqual(ended, ['small', 'large'])
})

test('a reader that takes nothing of its answer is cut off, and a slow one is not', async () => {
  const bytes = Buffer.alloc(24 * 1024 * 1024, 1)
  await pushBlob(server, 'team/large', bytes, owner)
  const ask = `GET /v2/team/large/blobs/${digestOf(bytes)} HTTP/1.1\r\nHost: ${loginServer}\r\nAuthorization: ${owner}\r\n\r\n`
  const stuck = await open()
  stuck.socket.pause()
  stuck.socket.write(ask)
  const steady = await open()
  steady.socket.write(ask)
  listen(steady.socket, steady.heard)
  const breaks = setInterval(() => {
    steady.socket.pause()
    setTimeout(() => steady.socket.resume(), 150)
  }, 300)
  await until('the whole of the blob', () => steady.heard.bytes > bytes.length || steady.heard.isClosed)
  clearInterval(breaks)
  assert.ok(steady.heard.bytes > bytes.length, `${steady.heard.bytes} bytes`)
  steady.socket.destroy()
  // What the kernel holds does not make it whole.
  await until('the cut in the log', () => /read a response more slowly/.test(server.output()) || stuck.heard.isClosed)
  stuck.socket.on('data', (chunk: Buffer) => (stuck.heard.bytes += chunk.length))
  stuck.socket.resume()
  await until('the end of the stuck reader', () => stuck.heard.isClosed)
  assert.ok(stuck.heard.bytes < bytes.length, `${stuck.heard.bytes} bytes`)
})

test('requests that wait for no client continue as before', async () => {
  await pushImage(server, 'team/app', '1', owner)
  const token = await accessToken(server, { username: servicePrincipal.appId, password: servicePrincipal.password }, [
    'repository:team/app:pull',
  ])
  assert.equal((await get(server, '/v2/team/app/manifests/1', `Bearer ${token}`)).status, 200)
})
