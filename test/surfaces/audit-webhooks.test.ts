import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { arm, as, createServicePrincipal, expectStatus, registryId } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { askAccessToken } from '../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../harness/scoped-tokens.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import { serveHttps, trustArguments } from '../harness/token-issuer.ts'
import { until } from '../harness/until.ts'

interface Delivery {
  headers: IncomingHttpHeaders
  body: string
}

/** A receiver of webhooks over TLS that keeps what it was sent. */
async function startReceiver() {
  const deliveries: Delivery[] = []
  const status = { now: 204 }
  const server = await serveHttps(() => (incoming, response) => {
    let body = ''
    incoming.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    incoming.on('end', () => {
      if (status.now < 300) deliveries.push({ headers: incoming.headers, body })
      response.writeHead(status.now).end()
    })
  })
  return { ...server, deliveries, status }
}

/** Whether one of the signatures of a delivery is by this secret. [Standard Webhooks, Signature scheme] */
function isSignedBy(secret: string, { headers, body }: Delivery): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const text = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  const signature = `v1,${createHmac('sha256', key).update(text).digest('base64')}`
  return String(headers['webhook-signature']).split(' ').includes(signature)
}

function pathOf(server: RunningServer, name: string, action = ''): string {
  const { subscriptionId } = server.firstRun
  return `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks/${name}${action}?api-version=2024-11-01`
}

test('A webhook of the audit log is made, delivers signed events, has its secret rotated, tries again, and is deleted', async () => {
  await using receiver = await startReceiver()
  await using server = await startServer({ args: trustArguments(receiver) })
  const serviceUri = `${receiver.origin}/siem`
  const properties = { serviceUri, filter: { actions: ['registry.*', 'audit-webhook.*'] } }
  const made = expectStatus(await arm(server, 'PUT', pathOf(server, 'siem'), { properties }), 201).json()
  const secret = stringAt(made, 'properties', 'secret')
  assert.match(secret, /^whsec_/)
  const shown = expectStatus(await arm(server, 'GET', pathOf(server, 'siem')), 200).json()
  assert.equal(at(shown, 'properties', 'secret'), undefined)
  assert.equal(at(shown, 'properties', 'host'), new URL(serviceUri).host)
  const callback = pathOf(server, 'siem', '/getCallbackConfig')
  assert.deepEqual(expectStatus(await arm(server, 'POST', callback), 200).json(), { serviceUri })

  const list = pathOf(server, '').replace('/?', '?')
  assert.deepEqual(at(expectStatus(await arm(server, 'GET', list), 200).json(), 'value'), [shown])

  const eventsOf = (action: string) =>
    receiver.deliveries.filter(({ body }) => at(JSON.parse(body), 'data', 'action') === action)
  const { subscriptionId, resourceGroup, registry } = server.firstRun
  const registryPath = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registry}`
  const change = (value: string) => arm(server, 'PATCH', registryPath, { tags: { value } })
  expectStatus(await change('1'), 200)
  await until('an event is delivered', () => eventsOf('registry.update').length === 1)
  const [first] = eventsOf('registry.update')
  assert.ok(first !== undefined)
  assert.equal(first.headers['content-type'], 'application/cloudevents+json; charset=utf-8')
  assert.equal(isSignedBy(secret, first), true)
  assert.equal(isSignedBy(secret, { ...first, body: `${first.body} ` }), false)
  assert.equal(stringAt(JSON.parse(first.body), 'specversion'), '1.0')

  const rotated = expectStatus(await arm(server, 'POST', pathOf(server, 'siem', '/rotateSecret')), 200).json()
  const newSecret = stringAt(rotated, 'secret')
  assert.notEqual(newSecret, secret)
  receiver.status.now = 503
  expectStatus(await change('2'), 200)
  await until('a failure is shown', async () => {
    const document = expectStatus(await arm(server, 'GET', pathOf(server, 'siem')), 200).json()
    return Number(at(document, 'properties', 'failures')) > 0
  })
  receiver.status.now = 204
  await until('the event is delivered in the end', () => eventsOf('registry.update').length === 2)
  const second = eventsOf('registry.update')[1]
  assert.ok(second !== undefined)
  assert.equal(isSignedBy(newSecret, second), true)
  assert.equal(isSignedBy(secret, second), true, 'the secret of before signs for a day')

  expectStatus(await arm(server, 'DELETE', pathOf(server, 'siem')), 200)
  expectStatus(await arm(server, 'GET', pathOf(server, 'siem')), 404)
  expectStatus(await arm(server, 'DELETE', pathOf(server, 'siem')), 204)
  assert.deepEqual(at(expectStatus(await arm(server, 'GET', list), 200).json(), 'value'), [])
})

test('A webhook of the audit log is sent to no address within that the operator did not allow', async () => {
  await using receiver = await startReceiver()
  await using server = await startServer({ args: ['--outbound-ca-file', receiver.caFile] })
  const port = new URL(receiver.origin).port
  const hosts = ['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433', '10.0.0.1', '169.254.169.254', '[fd00::1]']
  for (const host of hosts) {
    const properties = { serviceUri: `https://${host}:${port}/siem` }
    const denied = expectStatus(await arm(server, 'PUT', pathOf(server, 'within'), { properties }), 400)
    assert.match(stringAt(denied.json(), 'error', 'message'), /is not public/, host)
  }
  expectStatus(await arm(server, 'GET', pathOf(server, 'within')), 404)
  assert.deepEqual(receiver.requests, [])
})

test('The last use of a credential is listed by principal', async () => {
  await using server = await startServer()
  const used = await createServicePrincipal(server, 'used')
  const unused = await createServicePrincipal(server, 'unused')
  const { subscriptionId } = server.firstRun
  await arm(as(server, used), 'GET', '/subscriptions')
  await askAccessToken(server, { username: used.appId, password: used.password }, [])
  const usesOf = async (objectId: string) => {
    const filter = encodeURIComponent(`principalId eq '${objectId}'`)
    const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/credentialUses?api-version=2024-11-01&$filter=${filter}`
    return listAt(expectStatus(await arm(server, 'GET', path), 200).json(), 'value')
  }
  await until('the use is listed', async () => (await usesOf(used.objectId)).length > 0)
  const [use] = await usesOf(used.objectId)
  assert.equal(stringAt(use, 'principal', 'id'), used.objectId)
  assert.match(stringAt(use, 'lastUsedAt'), /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(await usesOf(unused.objectId), [])
})

test('The last uses of the passwords of scoped tokens are listed', async () => {
  await using server = await startServer()
  await putScopeMap(server, 'readers', ['repositories/app/content/read'])
  const token = await createScopedToken(server, 'device', 'readers')
  await askAccessToken(server, { username: token.username, password: token.password2 }, [])
  const path = `${registryId(server)}/providers/Acrux.Server/passwordUses`
  const uses = async () => listAt(expectStatus(await arm(server, 'GET', path), 200).json(), 'value')
  const usedAt = async (index: number) => at(await uses(), 0, 'properties', 'passwords', index, 'lastUsedAt')
  await until('the use is listed', async () => (await usedAt(1)) !== undefined)
  assert.equal(await usedAt(0), undefined)
})
