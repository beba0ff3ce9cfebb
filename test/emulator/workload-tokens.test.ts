import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createServicePrincipal, expectStatus, graph } from '../harness/arm.ts'
import { startEmulator } from '../harness/emulator.ts'
import { stringAt } from '../harness/json.ts'
import { askToken } from '../harness/person.ts'

const emulator = await startEmulator()
after(() => emulator[Symbol.asyncDispose]())
const server = emulator.server()

const issue = (body: unknown) =>
  emulator.control(
    'POST',
    '/_acrux/workload-tokens',
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  )

async function tokenOf(claims: object): Promise<string> {
  const { status, json } = await issue(claims)
  assert.equal(status, 201)
  return stringAt(json, 'token')
}

const signIn = (clientId: string, token: string) =>
  askToken(server, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
    scope: 'https://management.azure.com/.default',
  })

test('a workload token signs in the application that trusts its issuer and subject', async () => {
  const { appId, applicationObjectId } = await createServicePrincipal(server, 'ci')
  for (const [name, issuer] of [
    ['own', 'https://workloads.acrux.test'],
    ['other', 'https://token.example.com/tenant/'],
  ] as const) {
    const trust = { name, issuer, subject: 'repo:o/r', audiences: ['api://AzureADTokenExchange'] }
    expectStatus(
      await graph(server, 'POST', `/applications/${applicationObjectId}/federatedIdentityCredentials`, trust),
      201,
    )
    const named = name === 'own' ? {} : { issuer }
    assert.equal((await signIn(appId, await tokenOf({ subject: 'repo:o/r', ...named }))).status, 200)
    assert.equal((await signIn(appId, await tokenOf({ subject: 'repo:o/other', ...named }))).status, 401)
    assert.equal((await signIn(appId, await tokenOf({ subject: 'repo:o/r', audience: 'x', ...named }))).status, 401)
  }
})

test('claims that are missing, unknown or malformed are rejected', async () => {
  for (const body of [
    '',
    '{',
    '[]',
    {},
    { subject: '' },
    { subject: 'x', extra: 1 },
    { subject: 'x', issuer: 'http://a' },
  ]) {
    const { status, json } = await issue(body)
    assert.equal(status, 400, JSON.stringify(body))
    assert.equal(stringAt(json, 'error', 'code'), 'InvalidRequest')
  }
})
