import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, as, expectStatus, graph } from '../harness/arm.ts'
import { createPerson } from '../harness/directory.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { signInPerson } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

const linksOf = (id: string) => `/users/${id}/authentication/oneTimeLinks`

test('A person chooses a password with a one-time link, which works once and is in no log', async () => {
  const carol = await createPerson(server, 'carol')
  const made = expectStatus(await graph(server, 'POST', linksOf(carol.id), { lifetimeInMinutes: 60 }), 201).json()
  const link = new URL(stringAt(made, 'link'))
  assert.equal(`${link.origin}${link.pathname}`, `${server.baseUrl}/sign-in/link`)
  const visitor = pageVisitor(server)
  const page = pageOf(await visitor.open(link.pathname))
  const asked = pageOf(await visitor.submit(page, { link_code: link.href }))
  assert.match(textOf(asked), /Choose a new password for carol@acrux\.localhost/)
  const password = 'seven brass kettles'
  const security = pageOf(await visitor.submit(asked, { 'new-password': password, repeated: password }))
  assert.equal(security.url.pathname, '/account/security')
  const other = pageVisitor(server)
  const used = pageOf(await other.submit(pageOf(await other.open('/sign-in/link')), { link_code: link.href }))
  assert.deepEqual([used.status, /This link is not valid/.test(textOf(used))], [400, true])
  await signInPerson(server, { ...carol, password }, `${server.baseUrl}/graph`)
  const code = link.hash.slice(1)
  const log = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
  const events = expectStatus(await arm(server, 'GET', `${log}?api-version=2024-11-01`), 200).json()
  assert.ok(code.length > 40 && !JSON.stringify(events).includes(code), 'no event has the code')
  assert.ok(!server.output().includes(code), 'no log line has the code')
  const actions = listAt(events, 'value').map((event) => stringAt(event, 'action'))
  for (const action of ['user.create-one-time-link', 'sign-in.one-time-link', 'password.change']) {
    assert.ok(actions.includes(action), `${action} is in ${actions.join(' ')}`)
  }
})

test('An owner withdraws a one-time link, and a person cannot create one', async () => {
  const dave = await createPerson(server, 'dave')
  const { access } = await signInPerson(server, dave, `${server.baseUrl}/graph`)
  const erin = await createPerson(server, 'erin')
  expectStatus(await graph(as(server, access), 'POST', linksOf(erin.id), {}), 403)
  const made = expectStatus(await graph(server, 'POST', linksOf(erin.id), {}), 201).json()
  const path = `${linksOf(erin.id)}/${stringAt(made, 'id')}`
  expectStatus(await graph(as(server, access), 'DELETE', path), 403)
  expectStatus(await graph(server, 'DELETE', path), 204)
  expectStatus(await graph(server, 'DELETE', path), 404)
  const visitor = pageVisitor(server)
  const page = pageOf(await visitor.open('/sign-in/link'))
  assert.equal(pageOf(await visitor.submit(page, { link_code: stringAt(made, 'link') })).status, 400)
})

test('A person lists the own sign-ins and ends one, and an owner ends another', async () => {
  const frank = await createPerson(server, 'frank')
  const [first, second] = [
    await signInPerson(server, frank, `${server.baseUrl}/graph`),
    await signInPerson(server, frank, `${server.baseUrl}/graph`),
  ]
  const sessions = async (to: Parameters<typeof graph>[0], path: string) =>
    listAt(expectStatus(await graph(to, 'GET', `${path}/signInSessions`), 200).json(), 'value')
  const own = await sessions(as(server, first.access), '/me')
  const current = own.find((session) => at(session, 'isCurrent') === true)
  assert.equal(stringAt(current, 'appDisplayName'), 'Azure CLI')
  assert.equal(stringAt(current, 'ipAddress'), '127.0.0.1')
  assert.ok(own.some((session) => stringAt(session, 'appDisplayName') === 'Browser'))
  const others = await sessions(as(server, second.access), '/me')
  const secondId = stringAt(
    others.find((session) => at(session, 'isCurrent') === true),
    'id',
  )
  expectStatus(await graph(as(server, first.access), 'DELETE', `/me/signInSessions/${secondId}`), 204)
  expectStatus(await graph(as(server, second.access), 'GET', '/me'), 401)
  const path = `/users/${frank.id}`
  assert.equal((await sessions(server, path)).length, own.length - 1)
  expectStatus(await graph(server, 'DELETE', `${path}/signInSessions/${stringAt(current, 'id')}`), 204)
  expectStatus(await graph(as(server, first.access), 'GET', '/me'), 401)
})
