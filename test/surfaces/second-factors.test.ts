import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { expectStatus, graph } from '../harness/arm.ts'
import { createPerson, type NewPerson } from '../harness/directory.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { type Elsewhere, type Page, type PageVisitor, pageVisitor, textOf } from '../harness/page-visitor.ts'
import { startServer } from '../harness/server.ts'
import { totpOf } from '../harness/totp.ts'

const policy = ['--identity-require-second-factor', 'all', '--identity-second-factor-enrolment', 'owner-code']
const server = await startServer({ args: policy })
after(() => server[Symbol.asyncDispose]())

function pageOf(answer: Page | Elsewhere): Page {
  if ('location' in answer) throw new Error(`left for ${answer.location.href}`)
  return answer
}

/** Follows the link of a page that has this text. */
async function follow(visitor: PageVisitor, page: Page, text: string): Promise<Page> {
  const links = [...page.html.matchAll(/<a\b[^>]*href="([^"]+)"[^>]*>([^<]*)<\/a>/g)]
  const [, href] = links.find(([, , label = '']) => label.trim() === text) ?? []
  assert.ok(href !== undefined, `no link "${text}" on the page: ${textOf(page)}`)
  return pageOf(await visitor.open(href.replaceAll('&amp;', '&')))
}

/** Enters the password in a new browser, and gives the page that comes next. */
async function afterPassword({ userPrincipalName: username, password }: NewPerson) {
  const visitor = pageVisitor(server)
  const page = pageOf(await visitor.submit(pageOf(await visitor.open('/account/security')), { username, password }))
  return { visitor, page }
}

const passesOf = ({ id }: NewPerson) => `/users/${id}/authentication/temporaryAccessPassMethods`

async function createPass(person: NewPerson): Promise<{ id: string; code: string }> {
  const made = await graph(server, 'POST', passesOf(person), { lifetimeInMinutes: 10 })
  const pass = expectStatus(made, 201).json()
  assert.partialDeepStrictEqual(pass, { lifetimeInMinutes: 10, isUsableOnce: true, isUsable: true })
  return { id: stringAt(pass, 'id'), code: stringAt(pass, 'temporaryAccessPass') }
}

/** The kinds of sign-in method that the directory lists for a person. */
async function methodsOf({ id }: NewPerson): Promise<string[]> {
  const listed = expectStatus(await graph(server, 'GET', `/users/${id}/authentication/methods`), 200).json()
  const types = listAt(listed, 'value').map((one) => stringAt(one, '@odata.type'))
  return types.map((type) => type.replace(/^#microsoft\.graph\.(.*)AuthenticationMethod$/, '$1')).toSorted()
}

/** Sets up an authenticator app with a temporary access pass. Returns its secret, and when it showed the first code. */
async function setUpApp(person: NewPerson, { visitor, page }: Awaited<ReturnType<typeof afterPassword>>) {
  const { code } = await createPass(person)
  const shown = pageOf(await visitor.submit(page, { access_pass: code }))
  const secret = /<p class="secret">([A-Z2-7 ]+)</.exec(shown.html)?.[1]?.replaceAll(' ', '') ?? ''
  const confirmedAtMs = Date.now()
  const codes = pageOf(await visitor.submit(shown, { code: totpOf(secret, confirmedAtMs) }))
  assert.match(textOf(codes), /recovery codes/i)
  return { secret, confirmedAtMs }
}

test('A temporary access pass allows a person to set up the first second factor, and a deleted one does not', async () => {
  const carol = await createPerson(server, 'carol')
  const { visitor, page } = await afterPassword(carol)
  assert.match(textOf(page), /Set up a second factor/)
  const deleted = await createPass(carol)
  assert.deepEqual(await methodsOf(carol), ['password', 'temporaryAccessPass'])
  expectStatus(await graph(server, 'DELETE', `${passesOf(carol)}/${deleted.id}`), 204)
  assert.deepEqual(await methodsOf(carol), ['password'])
  expectStatus(await graph(server, 'DELETE', `${passesOf(carol)}/${deleted.id}`), 404)
  const denied = pageOf(await visitor.submit(page, { access_pass: deleted.code }))
  assert.match(textOf(denied), /Incorrect or expired access pass/)
  await setUpApp(carol, { visitor, page: denied })
  assert.deepEqual(await methodsOf(carol), ['password', 'softwareOath'])
})

test('A person who chose recovery codes can return to the app, whose next code signs them in', async () => {
  const dave = await createPerson(server, 'dave')
  const { secret, confirmedAtMs } = await setUpApp(dave, await afterPassword(dave))
  const { visitor, page } = await afterPassword(dave)
  assert.match(textOf(page), /Enter code/)
  const recovery = await follow(visitor, page, 'Use a recovery code')
  assert.equal(recovery.url.pathname, '/sign-in/recovery')
  assert.match(recovery.html, /name="kind" value="recovery"/)
  const code = await follow(visitor, recovery, 'Use an authenticator app')
  assert.equal(code.url.pathname, '/sign-in/code')
  assert.match(code.html, /name="kind" value="totp"/)
  const used = pageOf(await visitor.submit(code, { code: totpOf(secret, confirmedAtMs) }))
  assert.match(textOf(used), /already used code/, 'the code that confirmed the app works only once')
  const security = pageOf(await visitor.submit(used, { code: totpOf(secret, confirmedAtMs + 30_000) }))
  assert.equal(security.url.pathname, '/account/security')
  assert.match(textOf(security), /An authenticator app is set up/)
})

test('A person removes the authenticator app on the account page, and needs another at the next sign-in', async () => {
  const erin = await createPerson(server, 'erin')
  const { visitor, page } = await afterPassword(erin)
  await setUpApp(erin, { visitor, page })
  const security = pageOf(await visitor.open('/account/security'))
  const confirmation = await follow(visitor, security, 'Remove the app')
  assert.match(textOf(confirmation), /This is your last second factor/)
  assert.deepEqual(await methodsOf(erin), ['password', 'softwareOath'], 'nothing is removed before the confirmation')
  await visitor.submit(confirmation, {}, '/account/security/authenticator/remove')
  assert.deepEqual(await methodsOf(erin), ['password'])
  assert.match(textOf((await afterPassword(erin)).page), /Set up a second factor/)
})
