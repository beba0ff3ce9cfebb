import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { expectStatus, graph } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'
import { assertAlike, assertAsLong } from './likeness.ts'

// The test is the proxy that says where each request comes from.
const server = await startServer({
  args: ['--identity-password-grant', '--behind-proxy', '127.0.0.1', '--log-level', 'warn'],
})
after(() => server[Symbol.asyncDispose]())

const { tenantId } = server.firstRun
const home = '198.51.100.7'
const wrong = 'this is not the password'

async function signIn(username: string, password: string, from: string): Promise<HttpResponse> {
  const { headers, ...rest } = form({
    grant_type: 'password',
    client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    username,
    password,
    scope: 'https://management.core.windows.net//.default openid',
  })
  return request({
    method: 'POST',
    url: `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`,
    caFile: server.caFile,
    headers: { ...headers, 'x-forwarded-for': from },
    ...rest,
  })
}

let strangers = 0
/** An address that no request came from yet. */
const stranger = () => `203.0.113.${(strangers += 1)}`

async function makeUser(name: string, accountEnabled: boolean): Promise<string> {
  const userPrincipalName = `${name}@acrux.localhost`
  const passwordProfile = { password: 'tidal lantern 7 quilt' }
  const body = { accountEnabled, displayName: name, userPrincipalName, passwordProfile }
  expectStatus(await graph(server, 'POST', '/users', body), 201)
  return userPrincipalName
}

test('an unknown name, a wrong password and a disabled user are answered alike and after as long [fault 23]', async () => {
  const known = await makeUser('known-person', true)
  const disabled = await makeUser('disabled-one', false)
  const unknown = 'unknown-name@acrux.localhost'
  const ask = (username: string) => signIn(username, wrong, stranger())
  assertAlike({
    unknown: { response: await ask(unknown), asked: [unknown] },
    known: { response: await ask(known), asked: [known] },
    disabled: { response: await ask(disabled), asked: [disabled] },
  })
  await assertAsLong(
    server,
    15,
    () => ask(unknown),
    () => ask(known),
  )
})

test('a throttled guess is answered alike whether the name is known or not [fault 23]', async () => {
  const known = await makeUser('throttled-one', true)
  const unknown = 'nobody-at-all@acrux.localhost'
  const exhausted = async (username: string): Promise<HttpResponse> => {
    const from = stranger()
    for (let guess = 0; guess < 10; guess += 1) await signIn(username, wrong, from)
    return signIn(username, wrong, from)
  }
  const answers = { known: await exhausted(known), unknown: await exhausted(unknown) }
  assertAlike({
    known: { response: answers.known, asked: [known] },
    unknown: { response: answers.unknown, asked: [unknown] },
  })
  assert.ok(answers.known.status >= 400 && answers.known.status < 500)
})

test('a hundred strangers cannot lock a person out of where the person works [fault 51]', async () => {
  const userPrincipalName = await makeUser('locked-out', true)
  const password = 'tidal lantern 7 quilt'
  assert.equal((await signIn(userPrincipalName, password, home)).status, 200)
  for (let round = 0; round < 14; round += 1) {
    const guesses = Array.from({ length: 8 }, () => signIn(userPrincipalName, wrong, stranger()))
    for (const answer of await Promise.all(guesses)) assert.notEqual(answer.status, 200)
  }
  const elsewhere = await signIn(userPrincipalName, password, stranger())
  assert.notEqual(elsewhere.status, 200, 'a stranger who has guessed it at last')
  assert.equal((await signIn(userPrincipalName, password, home)).status, 200)

  await server.restart()
  const afterwards = await signIn(userPrincipalName, password, stranger())
  assert.notEqual(afterwards.status, 200, 'a server that starts anew has not forgotten')
  assert.equal((await signIn(userPrincipalName, password, home)).status, 200)

  const reset = { passwordProfile: { password: 'seven brass kettles' } }
  expectStatus(await graph(server, 'PATCH', `/users/${userPrincipalName}`, reset), 204)
  assert.equal((await signIn(userPrincipalName, reset.passwordProfile.password, stranger())).status, 200)
})

test('invented names cost bounded memory, and prevent no other sign-in [fault 51]', async () => {
  const user = await makeUser('bystander', true)
  const flood = stranger()
  for (let round = 0; round < 20; round += 1) {
    const guesses = Array.from({ length: 10 }, (_, at) =>
      signIn(`invented-${round}-${at}@acrux.localhost`, wrong, flood),
    )
    for (const answer of await Promise.all(guesses)) assert.notEqual(answer.status, 200)
  }
  assert.equal((await signIn(user, 'tidal lantern 7 quilt', stranger())).status, 200)
})
