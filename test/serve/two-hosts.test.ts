import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { armToken, createRegistry, expectStatus, principalWithRole, roles } from '../harness/arm.ts'
import { form } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { nullGuid, basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { openWire } from '../faults/wire.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())
const wire = openWire(server, 2)
after(() => wire.close())

const { registry, loginServer, servicePrincipal } = server.firstRun
const second = await createRegistry(server, 'second')
/** What `az acr login -n NAME` guesses where it may not read the registry. */
const guessed = `${registry}${second.loginServer.slice('second'.length)}`

test('a registry answers at its public host, and at its name with the suffix', async () => {
  const authorization = basic(servicePrincipal.appId, servicePrincipal.password)
  const { digest } = await pushImage(server, 'app', 'v1', authorization)
  for (const host of [loginServer, guessed]) {
    const answer = await wire.send({ target: '/v2/app/manifests/v1', host, authorization })
    assert.equal(expectStatus(answer, 200).headers['docker-content-digest'], digest, host)
  }
})

test('a principal with only AcrPush signs in at the name with the suffix, as az does', async () => {
  const pusher = await principalWithRole(server, 'pusher', roles.acrPush)
  const { body, headers } = form({
    grant_type: 'access_token',
    service: guessed,
    tenant: server.firstRun.tenantId,
    access_token: await armToken(server, pusher),
  })
  const sent = { method: 'POST', host: guessed, headers: Object.entries(headers), body }
  const exchanged = expectStatus(await wire.send({ ...sent, target: '/oauth2/exchange' }), 200).json()
  const authorization = basic(nullGuid, stringAt(exchanged, 'refresh_token'))
  const target = `/oauth2/token?service=${guessed}&scope=repository:app:pull,push`
  const token = expectStatus(await wire.send({ target, host: guessed, authorization }), 200).json()
  const bearer = `Bearer ${stringAt(token, 'access_token')}`
  for (const host of [loginServer, guessed]) {
    expectStatus(await wire.send({ target: '/v2/app/manifests/v1', host, authorization: bearer }), 200)
  }
  const elsewhere = { target: '/v2/app/manifests/v1', host: second.loginServer, authorization: bearer }
  expectStatus(await wire.send(elsewhere), 401)
})

test('the error names the unknown host', async () => {
  const host = `absent${second.loginServer.slice('second'.length)}`
  const answer = expectStatus(await wire.send({ target: '/v2/', host }), 404).json()
  assert.equal(stringAt(answer, 'errors', 0, 'message'), `no registry is served at the host ${host}`)
})
