import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { arm, armToken, expectStatus } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { type OpenApiDocument, rejectedOperations } from '../setup/route-coverage.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

test('Every route that tests are not required to see succeed denies an owner, and says why', async () => {
  const { tenantId, subscriptionId, resourceGroup, registry } = server.firstRun
  const places: Readonly<Record<string, string>> = {
    tenant: tenantId,
    subscriptionId,
    resourceGroup,
    registry,
    type: 'webhooks',
    name: 'mine',
    identity: 'mine',
    machine: 'mine',
    verb: 'ping',
  }
  const document = expectStatus(await arm(server, 'GET', '/openapi.json'), 200).json() as OpenApiDocument
  const authorization = `Bearer ${await armToken(server)}`
  const denied = rejectedOperations(document)
  assert.ok(denied.length > 30)
  for (const operation of denied) {
    const [method = '', template = ''] = operation.split(' ')
    const path = template.replaceAll(/\{([A-Za-z]+)\}/g, (_place, name: string) => places[name] ?? `no ${name}`)
    const isOfProvider = path.startsWith(`/${tenantId}/`)
    const answer = await request({
      method,
      url: `${server.baseUrl}${path}${isOfProvider ? '' : '?api-version=2025-03-01-preview'}`,
      caFile: server.caFile,
      headers: { authorization, ...(!isOfProvider && method !== 'GET' && { 'content-type': 'application/json' }) },
      ...(!isOfProvider && ['PUT', 'PATCH', 'POST'].includes(method) && { body: '{}' }),
    })
    if (isOfProvider) {
      assert.equal(answer.status, 405, operation)
      assert.equal(answer.headers.allow, 'POST', operation)
      assert.match(stringAt(answer.json(), 'error_description'), /^AADSTS900561/, operation)
    } else {
      // A resource that no registry has does not exist; a change of one is not served.
      const [status, code] = method === 'GET' ? [404, 'ResourceNotFound'] : [400, 'NotSupported']
      assert.equal(answer.status, status, `${operation}: ${answer.text()}`)
      assert.equal(stringAt(answer.json(), 'error', 'code'), code, operation)
    }
  }
})
