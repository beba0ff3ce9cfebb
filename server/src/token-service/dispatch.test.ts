import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { serveForTest } from '../platform/http/test-socket.ts'
import { basic, openTokenService, roles } from './test-rooms.ts'

async function open(t: TestContext) {
  const rooms = await openTokenService(t)
  const { servicePrincipal, secret } = await rooms.createPrincipal('ci')
  await rooms.assign(servicePrincipal.objectId, roles.acrPush, rooms.registry.id)
  const served = await serveForTest(t, rooms.app)
  const head = (line: string, ...headers: string[]) =>
    `${[`${line} HTTP/1.1`, 'Host: contoso.example', ...headers].join('\r\n')}\r\n\r\n`
  return { ...rooms, ...served, head, login: `Authorization: ${basic(servicePrincipal.appId, secret)}` }
}

const formType = 'Content-Type: application/x-www-form-urlencoded'
const query = 'service=contoso.example&scope=repository%3Aa%3Apull'
const wrongPassword = 'grant_type=password&service=contoso.example&username=x&password=y'

test('a path of the token service is found however it is spelt, and by its own method alone', async (t) => {
  const { say, head, login } = await open(t)
  const status = async (line: string) => Number((await say(head(line, login, 'Connection: close'))).slice(9, 12))
  for (const path of ['/oauth2/token', '/OAuth2/Token', '/oauth2/token/', '//oauth2//token', '/oauth2/%74oken']) {
    assert.equal(await status(`GET ${path}?${query}`), 200, path)
  }
  for (const line of [
    'GET /oauth2',
    'GET /oauth2/',
    'GET /oauth2/tokens',
    'HEAD /oauth2/token',
    'DELETE /oauth2/token',
  ]) {
    assert.equal(await status(line), 404, line)
  }
  assert.equal(await status('GET /oauth2/%zz'), 400)
})

test('an answer says how it may be kept and who it was for, and the connection goes on', async (t) => {
  const { connect, head, login } = await open(t)
  const socket = await connect()
  const forms = [`Content-Length: ${wrongPassword.length}\r\n\r\n${wrongPassword}`]
  forms.push(`Transfer-Encoding: chunked\r\n\r\n${wrongPassword.length.toString(16)}\r\n${wrongPassword}\r\n0\r\n\r\n`)
  for (const form of forms) socket.write(`${head('POST /oauth2/token', formType).slice(0, -2)}${form}`)
  socket.write(head(`GET /oauth2/token?${query}`, login, 'X-Ms-Client-Request-Id: mine'))
  socket.write(head('GET /oauth2/keys', 'Connection: close'))
  const [, first = '', second = '', third = '', fourth = ''] = (await socket.rest()).split('HTTP/1.1 ')
  for (const refused of [first, second]) {
    assert.match(refused, /^401 /)
    assert.match(refused, /\r\nwww-authenticate: Bearer realm="https:\/\/contoso\.example\/oauth2\/token"/)
    assert.match(refused, /\r\ncache-control: no-store\r\n/)
  }
  assert.match(third, /^200 .*\r\nx-ms-client-request-id: mine\r\ncache-control: no-store\r\n/s)
  assert.match(third, /\r\ncontent-type: application\/json; charset=utf-8\r\ncontent-length: \d+\r\n.*"\}\n$/s)
  assert.match(fourth, /^200 .*\{"keys":\[/s)
  assert.doesNotMatch(fourth, /cache-control/)
})

test('a form is taken by its type alone, whole, and no larger than is read into memory', async (t) => {
  const { say, head } = await open(t)
  const post = (...headers: string[]) => head('POST /oauth2/token', 'Connection: close', ...headers)
  assert.match(await say(post()), /^HTTP\/1.1 400 .*grant_type must be/s, 'no body is a form without fields')
  assert.match(await say(`${post('Content-Length: 3')}a=b`), /^HTTP\/1.1 415 /)
  assert.match(await say(`${post('Content-Type: text/plain', 'Content-Length: 3')}a=b`), /^HTTP\/1.1 415 /)
  const withCharset = `${formType}; charset=utf-8`
  assert.match(await say(`${post(withCharset, 'Content-Length: 3')}a=b`), /^HTTP\/1.1 400 .*grant_type must be/s)
  assert.match(await say(post(formType, 'Content-Length: 1048577')), /^HTTP\/1.1 413 .*\r\nconnection: close\r\n/is)
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  assert.match(await say(`${post(formType, 'Transfer-Encoding: chunked')}${chunk.repeat(17)}`), /^HTTP\/1.1 413 /)
})

test('a client that goes away within its form is no failure of ours', async (t) => {
  const { connect, head, logLines, auditRows } = await open(t)
  const before = (await auditRows()).length
  const socket = await connect()
  socket.write(`${head('POST /oauth2/token', formType, 'Content-Length: 1000')}grant_type=password`)
  await sleep(50)
  socket.destroy()
  await sleep(100)
  assert.deepEqual(
    logLines.filter((line) => line.includes('"level":50')),
    [],
  )
  assert.equal((await auditRows()).length, before)
})
