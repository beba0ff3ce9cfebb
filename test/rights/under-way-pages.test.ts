import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { arm, as, assignRole, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { createPerson, type NewPerson } from '../harness/directory.ts'
import { request } from '../harness/http.ts'
import { cookieOf, type FormRequest, type Page, pageVisitor } from '../harness/page-visitor.ts'
import { accessToken, basic, pushBlob, pushImage, registryUrl } from '../harness/registry.ts'
import { beginHalf, untilExamined } from '../harness/send-half.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { firstRun } = server
const { servicePrincipal } = firstRun
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
const image = await pushImage(server, 'team/app', '1', owner)
const version = 'api-version=2025-11-01'

/** A page, where the visitor must not have been redirected elsewhere. */
function pageOf(shown: Awaited<ReturnType<ReturnType<typeof pageVisitor>['open']>>): Page {
  if ('location' in shown) throw new Error(`redirected to ${shown.location.href}`)
  return shown
}

/** A visitor who has signed in to the portal. */
async function signedIn(person: Pick<NewPerson, 'userPrincipalName' | 'password'>) {
  const visitor = pageVisitor(server)
  await visitor.signIn(await visitor.open('/portal/sign-in'), person)
  return visitor
}

async function setEnabled({ id }: NewPerson, accountEnabled: boolean): Promise<void> {
  expectStatus(await graph(server, 'PATCH', `/users/${id}`, { accountEnabled }), 204)
}

test('pending requests of the portal, the account pages and the sign-in are denied when the account of their person is disabled', async () => {
  const thief = await createPerson(server, 'thief')
  await assignRole(server, { id: thief.id, type: 'User' }, roles.owner, registryId(server))
  const visitor = await signedIn(thief)
  const cookie = cookieOf(visitor.cookies)
  const ofPortal = (method: string, path: string, type: string, body: string | Buffer) => {
    const headers = { cookie, 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1', 'content-type': type }
    return { method, url: new URL(`/portal/api/${path}`, server.baseUrl), headers, body }
  }
  const host = encodeURIComponent(firstRun.loginServer)
  const warm = ofPortal('GET', `registry/${host}/v2/team/app/manifests/1`, image.mediaType, '')
  expectStatus(await request({ ...warm, body: '', caFile: server.caFile }), 200)
  const scopeMap = JSON.stringify({ properties: { actions: ['repositories/team/app/content/read'] } })
  const newPassword = {
    current: thief.password,
    'new-password': 'orbit cedar 9 mosaic',
    repeated: 'orbit cedar 9 mosaic',
  }
  const account = pageOf(await visitor.open('/account/password'))
  const security = pageOf(await visitor.open('/account/security'))
  const other = pageVisitor(server)
  const named = pageOf(
    await other.submit(pageOf(await other.open('/portal/sign-in')), { username: thief.userPrincipalName }),
  )
  const cases: readonly (FormRequest | ReturnType<typeof ofPortal>)[] = [
    ofPortal('PUT', `arm${registryId(server)}/scopeMaps/stolen?${version}`, 'application/json', scopeMap),
    ofPortal('PUT', `registry/${host}/v2/team/app/manifests/stolen`, image.mediaType, image.manifest),
    visitor.formRequest(account, newPassword, '/account/password'),
    visitor.formRequest(security, {}, '/account/security/authenticator/new'),
    other.formRequest(named, { password: thief.password }),
  ]
  const halves = []
  for (const { body, ...what } of cases) halves.push(await beginHalf(server, what, Buffer.from(body)))
  await untilExamined(server, owner)
  await setEnabled(thief, false)
  for (const half of halves) half.rest()
  for (const [index, { answer }] of halves.entries()) {
    const { status, headers } = await answer
    const path = cases[index]?.url.pathname ?? ''
    // The account pages redirect to the sign-in, which shows an error.
    const isDenied = status === 401 || status === 403 || (status === 303 && path.startsWith('/account/'))
    assert.ok(isDenied, `${path}: ${status}`)
    assert.doesNotMatch(headers.location ?? '', /portal/, path)
  }
  assert.equal((await arm(server, 'GET', `${registryId(server)}/scopeMaps/stolen?${version}`)).status, 404)
  const stolen = `${registryUrl(server)}/v2/team/app/manifests/stolen`
  assert.equal((await request({ url: stolen, headers: { authorization: owner }, caFile: server.caFile })).status, 404)
  await setEnabled(thief, true)
  const back = await signedIn(thief)
  assert.ok(
    [...back.cookies.keys()].some((name) => name.includes('portal')),
    'the password is the same',
  )
})

test('a download is cut off when the signing keys are withdrawn', async () => {
  const content = Buffer.alloc(64 * 1024 * 1024, 'layer ')
  const { digest } = await pushBlob(server, 'team/large', content, owner)
  const { appId, password } = servicePrincipal
  const token = await accessToken(server, { username: appId, password }, ['repository:team/large:pull'])
  const manage = as(server)
  const url = new URL(`${registryUrl(server)}/v2/team/large/blobs/${digest}`)
  const outgoing = httpsRequest({
    host: '127.0.0.1',
    port: server.port,
    servername: 'localhost',
    ca: readFileSync(server.caFile),
    agent: false,
    path: url.pathname,
    headers: { host: url.host, authorization: `Bearer ${token}` },
  })
  const [incoming] = (await once(outgoing.end(), 'response')) as [IncomingMessage]
  assert.equal(incoming.statusCode, 200)
  let receivedBytes = 0
  const read = (async () => {
    for await (const piece of incoming as AsyncIterable<Buffer>) {
      const isFirst = receivedBytes === 0
      receivedBytes += piece.byteLength
      if (isFirst) {
        const path = `/subscriptions/${firstRun.subscriptionId}/providers/Acrux.Server/withdrawSigningKeys?api-version=2024-11-01`
        expectStatus(await arm(manage, 'POST', path), 200)
      }
      // Slower than the server: the whole blob would take longer than the server needs to notice the revocation.
      await sleep(5)
    }
  })()
  await assert.rejects(read, { code: 'ECONNRESET' })
  assert.ok(receivedBytes < content.byteLength, `${receivedBytes} bytes`)
})
