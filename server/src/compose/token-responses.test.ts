import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { openServer } from '../../testing/compose/test-routes.ts'

const nullGuid = '00000000-0000-0000-0000-000000000000'
const headers = { host: 'localhost:5443', 'content-type': 'application/x-www-form-urlencoded' }

test('the responses of the token service have all members of their schemas, and no other members', async (t) => {
  const { server, first } = await openServer(t)
  const { appId, password } = first.servicePrincipal
  const service = 'localhost:5443'
  const ask = async (url: string, form: Readonly<Record<string, string>>): Promise<string> => {
    const payload = new URLSearchParams(form).toString()
    const { statusCode, body } = await server.app.inject({ method: 'POST', url, headers, payload })
    assert.equal(statusCode, 200, `${url}: ${body}`)
    return body
  }
  const schemaOf = (id: string) => {
    const response = server.routes.find((route) => route.id === id)?.response
    assert.ok(response instanceof z.ZodObject, id)
    return response
  }
  const membersOf = (body: string) => Object.keys(z.looseObject({}).parse(JSON.parse(body))).toSorted()
  const memberOf = (body: string, name: string) => z.string().parse(z.looseObject({}).parse(JSON.parse(body))[name])

  const signIn = { grant_type: 'client_credentials', client_id: appId, client_secret: password }
  const scope = 'https://management.core.windows.net//.default'
  const identity = memberOf(await ask(`/${first.tenantId}/oauth2/v2.0/token`, { ...signIn, scope }), 'access_token')

  const narrowing = { scope: 'repository:team/app:pull,push', expires_in: '900' }
  const asked = { grant_type: 'access_token', service, access_token: identity, ...narrowing }
  const exchanged = await ask('/oauth2/exchange', asked)
  const exchange = schemaOf('token.exchange')
  exchange.parse(JSON.parse(exchanged))
  assert.deepEqual(membersOf(exchanged), Object.keys(exchange.shape).toSorted())

  const refresh = memberOf(exchanged, 'refresh_token')
  const form = { grant_type: 'refresh_token', service, refresh_token: refresh, access_type: 'offline' }
  const issued = await ask('/oauth2/token', { ...form, scope: 'repository:team/app:pull,push' })
  const token = schemaOf('token.post')
  token.parse(JSON.parse(issued))
  assert.deepEqual(membersOf(issued), Object.keys(token.shape).toSorted())

  const basic = { grant_type: 'password', service, username: nullGuid, password: refresh }
  const quoted = await ask('/oauth2/token', {
    ...basic,
    scope: 'repository:team/app:pull,"}\\,pull registry:catalog:*',
  })
  token.parse(JSON.parse(quoted))
})
