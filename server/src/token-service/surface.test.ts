import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type TestSocket, serveForTest } from '../../testing/platform/test-socket.ts'
import { keySet } from './endpoint/responses.ts'
import { basic, openTestTokenService, roles } from '../../testing/token-service/test-token-service.ts'

async function open(t: TestContext) {
  const context = await openTestTokenService(t)
  const { servicePrincipal, secret } = await context.createPrincipal('ci')
  const assignment = await context.assign(servicePrincipal.objectId, roles.acrPush, context.registry.id)
  const served = await serveForTest(t, context.app)
  const head = (line: string, ...headers: string[]) =>
    `${[`${line} HTTP/1.1`, 'Host: contoso.example', ...headers].join('\r\n')}\r\n\r\n`
  return {
    ...context,
    ...served,
    /** Sends data that ends with a header, and waits until the server has processed it. */
    sendHead: async (socket: TestSocket, text: string) => {
      const next = served.nextRequest()
      socket.write(text)
      const incoming = await next
      await served.settle(head('GET /oauth2/keys', 'Connection: close'))
      return incoming
    },
    servicePrincipal,
    secret,
    assignment,
    head,
    login: `Authorization: ${basic(servicePrincipal.appId, secret)}`,
  }
}

const formType = 'Content-Type: application/x-www-form-urlencoded'
const query = 'service=contoso.example&scope=repository%3Aa%3Apull'
const wrongPassword = 'grant_type=password&service=contoso.example&username=x&password=y'

test('a path of the token service is found in any spelling, and only with its method', async (t) => {
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

test('a response has headers for caching and correlation, and the connection stays open', async (t) => {
  const { connect, head, login } = await open(t)
  const socket = await connect()
  const forms = [`Content-Length: ${wrongPassword.length}\r\n\r\n${wrongPassword}`]
  forms.push(`Transfer-Encoding: chunked\r\n\r\n${wrongPassword.length.toString(16)}\r\n${wrongPassword}\r\n0\r\n\r\n`)
  for (const form of forms) socket.write(`${head('POST /oauth2/token', formType).slice(0, -2)}${form}`)
  socket.write(head(`GET /oauth2/token?${query}`, login, 'X-Ms-Client-Request-Id: mine'))
  socket.write(head('GET /oauth2/keys', 'Connection: close'))
  const [, first = '', second = '', third = '', fourth = ''] = (await socket.rest()).split('HTTP/1.1 ')
  for (const denied of [first, second]) {
    assert.match(denied, /^401 /)
    assert.match(denied, /\r\nwww-authenticate: Bearer realm="https:\/\/contoso\.example\/oauth2\/token"/)
    assert.match(denied, /\r\ncache-control: no-store\r\n/)
  }
  assert.match(third, /^200 .*\r\nx-ms-client-request-id: mine\r\ncache-control: no-store\r\n/s)
  assert.match(third, /\r\ncontent-type: application\/json; charset=utf-8\r\ncontent-length: \d+\r\n.*"\}\n$/s)
  assert.match(fourth, /^200 .*\{"keys":\[/s)
  keySet.parse(JSON.parse(fourth.slice(fourth.indexOf('\r\n\r\n'))))
  assert.doesNotMatch(fourth, /cache-control/)
})

test('a form is accepted only with its media type, completely, and up to the size limit', async (t) => {
  const { say, head } = await open(t)
  const post = (...headers: string[]) => head('POST /oauth2/token', 'Connection: close', ...headers)
  assert.match(await say(post()), /^HTTP\/1.1 400 .*grant_type must be/s, 'no body is a form without fields')
  assert.match(await say(`${post('Content-Length: 3')}a=b`), /^HTTP\/1.1 415 /)
  assert.match(await say(`${post('Content-Type: text/plain', 'Content-Length: 3')}a=b`), /^HTTP\/1.1 415 /)
  const withCharset = `${formType}; charset=utf-8`
  assert.match(await say(`${post(withCharset, 'Content-Length: 3')}a=b`), /^HTTP\/1.1 400 .*grant_type must be/s)
})

test("an invalid or too large body is rejected in ACR's format, and the next request on its connection is served", async (t) => {
  const { connect, head, sendHead } = await open(t)
  const large = 'x'.repeat(2 * 1024 * 1024)
  const chunks = `200000\r\n${large}\r\n0\r\n\r\n`
  const json = 'Content-Type: application/json'
  const sized = `Content-Length: ${large.length}`
  const chunked = 'Transfer-Encoding: chunked'
  const denials: readonly (readonly [status: number, headers: readonly string[], body: string])[] = [
    [415, [json, 'Content-Length: 2'], '{}'],
    [415, [json, sized], large],
    [415, [json, chunked], chunks],
    [415, ['Content-Type: multipart/form-data; boundary=x', sized], large],
    [415, [sized], large],
    [413, [formType, sized], large],
    [413, [formType, chunked], chunks],
  ]
  for (const path of ['/oauth2/token', '/oauth2/exchange']) {
    for (const [status, headers, body] of denials) {
      const socket = await connect()
      await sendHead(socket, head(`POST ${path}`, ...headers))
      // Sent only now: a server that closes before it has read this sends its response to nobody.
      socket.write(body)
      socket.write(head('GET /oauth2/keys', 'Connection: close'))
      const [, denied = '', next = ''] = (await socket.rest()).split('HTTP/1.1 ')
      const what = `${path} ${headers.join(', ')}`
      assert.equal(Number(denied.slice(0, 3)), status, what)
      assert.match(
        denied,
        /\r\n\r\n\{"errors":\[\{"code":"BAD_REQUEST","message":"the body is [^"]+","detail":null\}\]\}\n$/,
      )
      assert.match(next, /^200 .*\{"keys":\[/s, what)
    }
  }
})

test('a client that is still sending a too large form on a closing connection receives the error', async (t) => {
  const { connect, head, sendHead } = await open(t)
  const socket = await connect()
  await sendHead(socket, head('POST /oauth2/token', formType, 'Connection: close', 'Content-Length: 8388608'))
  assert.equal(socket.ended, false)
  socket.write('x'.repeat(8 * 1024 * 1024))
  assert.match(await socket.rest(), /^HTTP\/1.1 413 .*"the body is larger than 1048576 bytes"/s)
})

test('a client that disconnects within its form is not logged as a failure', async (t) => {
  const { connect, head, sendHead, settle, logLines, auditRows } = await open(t)
  const before = (await auditRows()).length
  const socket = await connect()
  const text = `${head('POST /oauth2/token', formType, 'Content-Length: 1000')}grant_type=password`
  const incoming = await sendHead(socket, text)
  const closed = new Promise((resolve) => incoming.once('close', resolve))
  socket.destroy()
  await closed
  await settle(head('GET /oauth2/keys', 'Connection: close'))
  assert.deepEqual(
    logLines.filter((line) => line.includes('"level":50')),
    [],
  )
  assert.equal((await auditRows()).length, before)
})

test('a right that is revoked while a body is received is not granted afterwards', async (t) => {
  const { connect, head, sendHead, database, access, registry, assignment, servicePrincipal, secret } = await open(t)
  const form = `grant_type=password&username=${servicePrincipal.appId}&password=${secret}&scope=repository:a:pull`
  const request = head('POST /oauth2/token', formType, `Content-Length: ${form.length}`, 'Connection: close')
  const ask = async (meanwhile: () => Promise<unknown>) => {
    const socket = await connect()
    await sendHead(socket, `${request}${form.slice(0, 20)}`)
    await meanwhile()
    socket.write(form.slice(20))
    return socket.rest()
  }
  for (let times = 0; times < 2; times += 1) {
    assert.match(await ask(() => Promise.resolve()), /^HTTP\/1.1 200 .*"scope":"repository:a:pull"/s)
  }
  const late = await ask(() =>
    database.transaction((transaction) => access.deleteAssignment(transaction, registry.id, assignment)),
  )
  assert.match(late, /^HTTP\/1.1 200 .*"scope":""/s)
})

test('a request that is answered again because the authority revision moved gets one token, which the log has once', async (t) => {
  const opened = await open(t)
  const { inject, database, access, audit, servicePrincipal, secret, auditRows } = opened
  const move = () => database.transaction(async (transaction) => transaction.changesAuthority())
  const ask = async () => {
    const authorization = basic(servicePrincipal.appId, secret)
    const scope = encodeURIComponent('repository:a:pull')
    const url = `/oauth2/token?service=contoso.example&scope=${scope}`
    const before = (await auditRows()).length
    const { statusCode } = await inject({ method: 'GET', url, headers: { authorization } })
    const events = (await auditRows()).slice(before)
    return [statusCode, ...events.map(({ action, reason }) => `${action} ${reason ?? 'success'}`)]
  }
  const rightsAt = access.rightsAt.bind(access)
  let meanwhile: () => Promise<unknown> = move
  const once = async () => {
    const begun = meanwhile
    meanwhile = () => Promise.resolve()
    await begun()
  }
  t.mock.method(access, 'rightsAt', async (...given: Parameters<typeof rightsAt>) => {
    const rights = await rightsAt(...given)
    await once()
    return rights
  })
  assert.deepEqual(await ask(), [200, 'token.issue success'], 'it moved before the event')

  const prepare = audit.prepare.bind(audit)
  const late = t.mock.method(audit, 'prepare', (...given: Parameters<typeof prepare>) => {
    const append = prepare(...given)
    return async (origin: Parameters<typeof append>[0]) => {
      await append(origin)
      await once()
    }
  })
  await move()
  meanwhile = () => Promise.resolve()
  assert.deepEqual(await ask(), [200, 'token.issue success'], 'it did not move')
  await move()
  t.mock.method(access, 'rightsAt', rightsAt)
  meanwhile = move
  assert.deepEqual(await ask(), [200, 'token.issue success'], 'it moved while the event was written')
  late.mock.restore()
})

test('a request whose credential is revoked while its token is signed gets no token, and the log has only the denial', async (t) => {
  const { inject, database, access, directory, servicePrincipal, secret, auditRows } = await open(t)
  const rightsAt = access.rightsAt.bind(access)
  t.mock.method(access, 'rightsAt', async (...given: Parameters<typeof rightsAt>) => {
    const rights = await rightsAt(...given)
    await database.transaction((transaction) =>
      directory.applications.deleteServicePrincipal(transaction, servicePrincipal.objectId),
    )
    return rights
  })
  const before = (await auditRows()).length
  const url = '/oauth2/token?service=contoso.example&scope=repository%3Aa%3Apull'
  const headers = { authorization: basic(servicePrincipal.appId, secret) }
  assert.equal((await inject({ method: 'GET', url, headers })).statusCode, 401)
  assert.deepEqual(
    (await auditRows()).slice(before).map(({ outcome }) => outcome),
    ['refused'],
  )
})

test('a request whose credential is revoked while its event is written gets no token, and the log has the denial after the event', async (t) => {
  const { inject, database, audit, directory, servicePrincipal, secret, auditRows } = await open(t)
  const prepare = audit.prepare.bind(audit)
  t.mock.method(audit, 'prepare', (...given: Parameters<typeof prepare>) => {
    const append = prepare(...given)
    return async (origin: Parameters<typeof append>[0]) => {
      await append(origin)
      await database.transaction((transaction) =>
        directory.applications.deleteServicePrincipal(transaction, servicePrincipal.objectId),
      )
    }
  })
  const before = (await auditRows()).length
  const url = '/oauth2/token?service=contoso.example&scope=repository%3Aa%3Apull'
  const headers = { authorization: basic(servicePrincipal.appId, secret) }
  const answer = await inject({ method: 'GET', url, headers })
  assert.equal(answer.statusCode, 401)
  assert.doesNotMatch(answer.body, /token"/)
  const events = (await auditRows()).slice(before)
  assert.deepEqual(
    events.map(({ action, outcome }) => [action, outcome]),
    [
      ['token.issue', 'success'],
      ['token.issue', 'refused'],
    ],
  )
  assert.equal(new Set(events.map(({ correlation_id }) => correlation_id)).size, 1)
})
