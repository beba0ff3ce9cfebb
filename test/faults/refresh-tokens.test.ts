import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armScope, expectStatus, graph } from '../harness/arm.ts'
import { form, request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { azClientId } from '../harness/person.ts'
import { startServer } from '../harness/server.ts'

const server = await startServer({ args: ['--behind-proxy', '127.0.0.1', '--identity-password-grant'] })
after(() => server[Symbol.asyncDispose]())

const password = 'tidal lantern 7 quilt'
const account = {
  accountEnabled: true,
  displayName: 'Person',
  userPrincipalName: 'person@contoso.example',
  passwordProfile: { password },
}

test('a refresh token that is used from another network leaves an event that names both', async () => {
  const objectId = stringAt(expectStatus(await graph(server, 'POST', '/users', account), 201).json(), 'id')
  const ask = async (fields: Readonly<Record<string, string>>, from: string): Promise<unknown> => {
    const { body, headers } = form({ client_id: azClientId, scope: `${armScope} offline_access`, ...fields })
    const url = `${server.baseUrl}/${server.firstRun.tenantId}/oauth2/v2.0/token`
    const sent = { ...headers, 'x-forwarded-for': from, 'user-agent': 'a program' }
    return expectStatus(await request({ method: 'POST', url, caFile: server.caFile, body, headers: sent }), 200).json()
  }
  const first = await ask({ grant_type: 'password', username: account.userPrincipalName, password }, '10.1.2.3')
  const fields = { grant_type: 'refresh_token', refresh_token: stringAt(first, 'refresh_token') }
  for (const from of ['10.1.2.3', '10.9.9.9', '10.9.9.9']) await ask(fields, from)
  const filter = encodeURIComponent(`principalId eq '${objectId}'`)
  const log = `/subscriptions/${server.firstRun.subscriptionId}/providers/Acrux.Server/auditEvents`
  const found = expectStatus(await arm(server, 'GET', `${log}?api-version=2024-11-01&$filter=${filter}`), 200).json()
  const events = listAt(found, 'value').filter((event) => at(event, 'action') === 'sign-in.network-change')
  assert.equal(events.length, 1, 'once for each change')
  assert.equal(at(events[0], 'detail', 'before'), '10.1.2.3')
  assert.equal(at(events[0], 'remoteAddress'), '10.9.9.9')
})
