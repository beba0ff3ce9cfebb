import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { expectStatus, graph } from '../harness/arm.ts'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { startServer } from '../harness/server.ts'

// The test is the proxy that says where each request comes from.
const server = await startServer({
  args: ['--identity-password-grant', '--behind-proxy', '127.0.0.1', '--log-level', 'warn'],
})
after(() => server[Symbol.asyncDispose]())

const { owner, tenantId } = server.firstRun
const password = 'tidal lantern 7 quilt'
const wrong = 'this is not the password'

function signIn(username: string, said: string, from: string): Promise<HttpResponse> {
  const { headers, ...rest } = form({
    grant_type: 'password',
    client_id: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    username,
    password: said,
    scope: 'https://management.core.windows.net//.default openid',
  })
  const url = `${server.baseUrl}/${tenantId}/oauth2/v2.0/token`
  return request({
    method: 'POST',
    url,
    caFile: server.caFile,
    headers: { ...headers, 'x-forwarded-for': from },
    ...rest,
  })
}

async function makeUser(name: string): Promise<string> {
  const userPrincipalName = `${name}@acrux.localhost`
  const body = { accountEnabled: true, displayName: name, userPrincipalName, passwordProfile: { password } }
  expectStatus(await graph(server, 'POST', '/users', body), 201)
  return userPrincipalName
}

/** Runs `work` on `width` connections until the returned function is called, which waits for the last of it. */
function repeatOn(width: number, work: (at: number) => Promise<HttpResponse>): () => Promise<readonly HttpResponse[]> {
  const answers: HttpResponse[] = []
  const state = { running: true }
  let at = 0
  const lanes = Array.from({ length: width }, async () => {
    while (state.running) {
      at += 1
      answers.push(await work(at))
    }
  })
  return async () => {
    state.running = false
    await Promise.all(lanes)
    return answers
  }
}

test('one account that signs in with its right password in 64 loops does not delay the sign-in of others', async () => {
  const looping = await makeUser('looping')
  const others = await Promise.all(['first', 'second', 'third'].map(makeUser))
  let verified = 0
  const stop = repeatOn(64, async () => {
    const answer = await signIn(looping, password, '198.51.100.1')
    if (answer.status === 200) verified += 1
    return answer
  })
  const overtookBy: number[] = []
  for (const [at, other] of others.entries()) {
    const before = verified
    const answer = await signIn(other, password, `203.0.113.${at + 1}`)
    overtookBy.push(verified - before)
    assert.equal(answer.status, 200, answer.text())
  }
  const answers = await stop()
  const denied = answers.filter(({ status }) => status === 429)
  assert.ok(verified > 0)
  assert.ok(denied.length > 0)
  for (const { headers } of denied) assert.match(String(headers['retry-after']), /^[1-9]\d{0,2}$/)
  // Without bounds per account, the sign-ins of all 64 loops would be answered first.
  assert.ok(Math.max(...overtookBy) <= 24, `sign-ins of the loops answered first: ${overtookBy.join(', ')}`)
})

test('guesses of one IPv6 /48 do not deny right passwords from new networks', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, (_, at) => makeUser(`traveller-${at}`)))
  const stop = repeatOn(16, (at) => signIn(`guessed-${at}@acrux.localhost`, wrong, `2001:db8:1:${at.toString(16)}::1`))
  for (const [at, person] of people.entries()) {
    const answer = await signIn(person, password, `2001:db8:${at + 2}::1`)
    assert.equal(answer.status, 200, answer.text())
  }
  for (const answer of await stop()) assert.notEqual(answer.status, 200)
})

test('guesses of many networks for one name do not deny its right password from a new network', async () => {
  const person = await makeUser('guessed-at')
  for (let round = 0; round < 15; round += 1) {
    const guesses = Array.from({ length: 8 }, (_, at) => signIn(person, wrong, `198.18.${round * 8 + at}.1`))
    for (const answer of await Promise.all(guesses)) assert.notEqual(answer.status, 200)
  }
  assert.equal((await signIn(person, password, '192.0.2.1')).status, 200)
})

test('the first sign-in of the first owner cannot be prevented by guesses, even from the same network', async () => {
  const from = '198.51.100.77'
  for (let round = 0; round < 4; round += 1) {
    const guesses = Array.from({ length: 8 }, () => signIn(owner.userPrincipalName, wrong, from))
    for (const answer of await Promise.all(guesses)) assert.notEqual(answer.status, 200)
  }
  const stop = repeatOn(16, () => signIn(owner.userPrincipalName, wrong, from))
  assert.equal((await signIn(owner.userPrincipalName, owner.password, from)).status, 200)
  for (const answer of await stop()) assert.notEqual(answer.status, 200)
})
