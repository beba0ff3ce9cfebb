import assert from 'node:assert/strict'
import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { armResource, startMachine } from '../machines/machine.ts'

const server = await startServer()
const machine = await startMachine(server, 'build-1')
after(async () => {
  await machine[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

/** An assertion as the machine itself signs one, with the key that it was enrolled with. */
function assertionOf(claims: Readonly<Record<string, unknown>> = {}): string {
  const state: unknown = JSON.parse(readFileSync(join(machine.stateDir, 'machine.json'), 'utf8'))
  const { clientId } = machine.own
  const iat = Math.floor(Date.now() / 1000)
  const aud = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/token`
  const all = { iss: clientId, sub: clientId, aud, iat, exp: iat + 300, jti: randomUUID(), ...claims }
  const header = { alg: 'ES256', typ: 'acrux-machine+jwt', kid: stringAt(state, 'keyId') }
  const text = [header, all].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const key = createPrivateKey(stringAt(state, 'privateKey'))
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

async function statusOf(assertion: string): Promise<number> {
  const answer = await request({
    method: 'POST',
    url: `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/token`,
    caFile: server.caFile,
    ...form({
      grant_type: 'client_credentials',
      client_id: machine.own.clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      resource: armResource,
    }),
  })
  return answer.status
}

test('a machine’s assertion cannot be replayed, before and after a restart', async () => {
  const assertion = assertionOf()
  assert.equal(await statusOf(assertion), 200)
  assert.equal(await statusOf(assertion), 401)
  await server.stop()
  await server.restart()
  assert.equal(await statusOf(assertion), 401)
  assert.equal(await statusOf(assertionOf()), 200)
})

test('of many who send one assertion of a machine at once, one gets a token', async () => {
  const assertion = assertionOf()
  const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(assertion)))
  assert.deepEqual(
    [statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 401).length],
    [1, 19],
  )
})
