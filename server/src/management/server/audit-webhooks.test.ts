import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import {
  at,
  codeOf,
  each,
  openTestManagement,
  roleGuids,
  subscriptionScope,
} from '../../../testing/management/test-management.ts'

const webhooksPath = `${subscriptionScope}/providers/Acrux.Server/auditWebhooks`
const body = (properties: object = {}) => ({ properties: { serviceUri: 'https://siem.example/in', ...properties } })

async function open(t: TestContext) {
  const management = await openTestManagement()
  t.after(management.close)
  return management
}

test('a webhook of the audit log shows its secret once, when it is created, and once for each rotation', async (t) => {
  const { arm, events, logLines } = await open(t)
  const made = await arm('PUT', `${webhooksPath}/SIEM`, body({ filter: { actions: ['token.*'], outcome: 'Refused' } }))
  assert.equal(made.status, 201, made.text)
  const secret = String(at(made.body, 'properties', 'secret'))
  assert.match(secret, /^whsec_/)
  const shown = await arm('GET', `${webhooksPath}/siem`)
  assert.deepEqual(shown.body, {
    id: `${webhooksPath}/siem`,
    name: 'siem',
    type: 'Acrux.Server/auditWebhooks',
    properties: {
      host: 'siem.example',
      status: 'enabled',
      filter: { actions: ['token.*'], outcome: 'refused' },
      lastDeliveryAt: null,
      failures: 0,
      lastError: null,
      nextAttemptAt: null,
    },
  })
  const again = await arm('PUT', `${webhooksPath}/siem`, body({ status: 'disabled' }))
  assert.deepEqual([again.status, at(again.body, 'properties', 'status')], [200, 'disabled'])
  assert.equal(at(again.body, 'properties', 'secret'), undefined)
  const rotated = await arm('POST', `${webhooksPath}/siem/rotateSecret`)
  assert.match(String(at(rotated.body, 'secret')), /^whsec_/)
  assert.notEqual(at(rotated.body, 'secret'), secret)
  assert.deepEqual(each(await arm('GET', webhooksPath), 'name'), ['siem'])
  assert.equal((await arm('DELETE', `${webhooksPath}/siem`)).status, 200)
  assert.equal((await arm('DELETE', `${webhooksPath}/siem`)).status, 204)
  assert.equal((await arm('GET', `${webhooksPath}/siem`)).status, 404)
  const told = (await events()).filter(({ action }) => action.startsWith('audit-webhook.'))
  assert.deepEqual(
    told.map(({ action }) => action),
    ['audit-webhook.create', 'audit-webhook.update', 'audit-webhook.rotate-secret', 'audit-webhook.delete'],
  )
  const kept = JSON.stringify(await events()) + logLines.join('')
  for (const each of [secret, String(at(rotated.body, 'secret'))]) assert.equal(kept.includes(each), false)
})

test('a webhook of the audit log with an invalid address, name or filter is rejected, and so is the twenty-first', async (t) => {
  const { arm } = await open(t)
  for (const [name, properties] of [
    ['x', { serviceUri: 'http://siem.example/in' }],
    ['x', { serviceUri: 'https://user@siem.example/' }],
    ['x', { serviceUri: 'ftp://siem.example/' }],
    ['x', { serviceUri: 'siem' }],
    ['x', { serviceUri: 'https://127.0.0.1/' }],
    ['x', { serviceUri: 'https://10.1.2.3:8443/in' }],
    ['x', { serviceUri: 'https://0x7f.1/' }],
    ['x', { serviceUri: 'https://[::1]/' }],
    ['x', { serviceUri: 'https://[fd00::1]/' }],
    ['x', { serviceUri: 'https://169.254.169.254/latest' }],
    ['x', { serviceUri: 'https://localhost/' }],
    ['x', { serviceUri: 'https://siem.localhost./' }],
    ['x', { serviceUri: 1 }],
    ['x', { status: 'asleep' }],
    ['x', { filter: { actions: ['a*b'] } }],
    ['x', { filter: { actions: Array.from({ length: 51 }, () => 'a') } }],
    ['x', { filter: { outcome: 'maybe' } }],
    ['a.b', {}],
    ['a'.repeat(51), {}],
  ] as const) {
    const answer = await arm('PUT', `${webhooksPath}/${name}`, body(properties))
    assert.equal(answer.status, 400, `${name} ${JSON.stringify(properties)} ${answer.text}`)
  }
  for (let index = 0; index < 20; index += 1) {
    assert.equal((await arm('PUT', `${webhooksPath}/hook${index}`, body())).status, 201)
  }
  const beyond = await arm('PUT', `${webhooksPath}/hook20`, body())
  assert.deepEqual([beyond.status, codeOf(beyond)], [409, 'Conflict'])
  assert.equal((await arm('PUT', `${webhooksPath}/HOOK19`, body())).status, 200)
})

test('the address of a webhook is shown only by an action that readers do not have, and which is audited', async (t) => {
  const { arm, principalWith, events } = await open(t)
  const address = 'https://siem.example:8443/in/T0/secret-of-the-receiver?key=another-secret#fragment'
  const answers = [await arm('PUT', `${webhooksPath}/x`, body({ serviceUri: address }))]
  const { token } = await principalWith(roleGuids.reader, subscriptionScope)
  for (const path of [webhooksPath, `${webhooksPath}/x`]) answers.push(await arm('GET', path, undefined, { token }))
  answers.push(await arm('PUT', `${webhooksPath}/x`, { properties: { status: 'disabled' } }))
  for (const answer of answers) assert.doesNotMatch(answer.text, /secret-of|another-secret|fragment/)
  for (const answer of [answers[0], answers[3]])
    assert.equal(at(answer?.body, 'properties', 'host'), 'siem.example:8443')
  assert.equal((await arm('POST', `${webhooksPath}/x/getCallbackConfig`, undefined, { token })).status, 403)
  const shown = await arm('POST', `${webhooksPath}/X/getCallbackConfig`)
  assert.deepEqual([shown.status, shown.body], [200, { serviceUri: address }])
  assert.equal((await arm('POST', `${webhooksPath}/none/getCallbackConfig`)).status, 404)
  const recorded = await events()
  assert.equal(recorded.filter(({ action }) => action === 'audit-webhook.show-address').length, 1)
  assert.doesNotMatch(JSON.stringify(recorded), /secret-of|another-secret/)
})

test('a new webhook of the audit log needs an address', async (t) => {
  const { arm } = await open(t)
  const answer = await arm('PUT', `${webhooksPath}/new`, { properties: {} })
  assert.deepEqual([answer.status, codeOf(answer)], [400, 'BadRequest'])
})

test('webhooks of the audit log are read by readers and written by owners and contributors', async (t) => {
  const { arm, principalWith } = await open(t)
  await arm('PUT', `${webhooksPath}/x`, body())
  const matrix: unknown[] = []
  for (const role of ['reader', 'contributor', 'acrPush'] as const) {
    const { token } = await principalWith(roleGuids[role], subscriptionScope)
    const ask = async (method: string, path: string, content?: object) =>
      (await arm(method, path, content, { token })).status
    matrix.push([
      role,
      await ask('GET', webhooksPath),
      await ask('GET', `${webhooksPath}/x`),
      await ask('PUT', `${webhooksPath}/x`, body()),
      await ask('POST', `${webhooksPath}/x/rotateSecret`),
    ])
  }
  assert.deepEqual(matrix, [
    ['reader', 200, 200, 403, 403],
    ['contributor', 200, 200, 200, 200],
    ['acrPush', 403, 403, 403, 403],
  ])
})
