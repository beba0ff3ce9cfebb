import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { compose } from './compose.ts'
import { loadConfiguration } from '../configuration/index.ts'
import { openApiDocument } from '../openapi/index.ts'
import { createLog } from '../platform/log/log.ts'

type Content = {
  readonly content?: Readonly<Record<string, { readonly schema: { readonly $ref?: string } }>>
}
type Operation = {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly responses: Readonly<Record<string, Content>>
  readonly requestBody?: Required<Content>
}
type Document = {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Readonly<Record<string, object>> }
}

const directory = await mkdtemp(path.join(tmpdir(), 'acrux-openapi-'))
const flags = { dataDir: path.join(directory, 'data'), publicHost: 'localhost:5443' }
const server = await compose(await loadConfiguration({ flags, env: {} }), createLog('silent'))
test.after(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})
const document = openApiDocument(server.routes) as Document
const operations = Object.entries(document.paths).flatMap(([template, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ template, method, ...operation })),
)

test('every route of every table is in the document, once', () => {
  assert.equal(document.openapi, '3.1.0')
  const ids = new Set(operations.map(({ operationId }) => operationId))
  assert.equal(ids.size, operations.length)
  for (const { id, method } of server.routes) {
    for (const one of [method].flat()) {
      assert.ok(ids.has(id) || ids.has(`${id}.${one.toLowerCase()}`), `${id} ${one}`)
    }
  }
})

test('every parameter of a path is declared, and no others', () => {
  for (const { template, parameters, operationId } of operations) {
    assert.match(template, /^\/[\w./${}-]*$/, operationId)
    const inPath = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    assert.deepEqual(
      parameters.filter((one) => one.in === 'path').map(({ name }) => name),
      inPath,
      operationId,
    )
    assert.equal(new Set(inPath).size, inPath.length, operationId)
  }
})

test('every body schema is in the document, in the format before parsing', () => {
  const { schemas } = document.components
  const withBody = operations.filter(({ requestBody }) => requestBody !== undefined)
  const named = withBody.flatMap(({ operationId, requestBody }) => {
    const { $ref } = Object.values(requestBody?.content ?? {})[0]?.schema ?? {}
    return $ref === undefined ? [] : [[operationId, $ref.replace('#/components/schemas/', '')] as const]
  })
  for (const [operationId, name] of named) assert.ok(schemas[name] !== undefined, operationId)
  const rows = new Map(server.routes.map((row) => [row.id, row]))
  assert.deepEqual(
    new Set(named.map(([operationId]) => operationId)),
    new Set(server.routes.filter(({ body }) => typeof body === 'object').map(({ id }) => id)),
  )
  for (const { operationId, method, requestBody } of operations) {
    const { body = 'none' } = rows.get(operationId) ?? rows.get(operationId.slice(0, -method.length - 1)) ?? {}
    assert.equal(requestBody !== undefined, body !== 'none' && /^(?:post|put|patch)$/.test(method), operationId)
  }
  assert.partialDeepStrictEqual(schemas['management.registries.importImage.body'], {
    type: 'object',
    required: ['source'],
    properties: { source: { type: 'object', required: ['sourceImage'] } },
  })
})

test('every route of the management API has a response schema, and the schema is a named component', () => {
  const isNamed = (name: string) => /^[A-Z][A-Za-z]+$/.test(name) && document.components.schemas[name] !== undefined
  for (const { id, response } of server.routes.filter((route) => route.id.startsWith('management.'))) {
    assert.notEqual(response, undefined, id)
    const [operation] = operations.filter(({ operationId }) => operationId === id)
    const success = operation?.responses['2XX']
    if (response === 'none') assert.equal(success?.content, undefined, id)
    else {
      const { $ref = '' } = success?.content?.['application/json']?.schema ?? {}
      assert.ok(isNamed($ref.replace('#/components/schemas/', '')), `${id} refers to '${$ref}'`)
    }
  }
})

test('only public operations need no authentication', () => {
  const needs = new Map(server.routes.map(({ id, need }) => [id, need]))
  for (const { operationId, method, security } of operations) {
    const need = needs.get(operationId) ?? needs.get(operationId.slice(0, -method.length - 1))
    assert.equal(security.length === 0, need === 'public', operationId)
  }
})

test('fault 34: the document is served to authenticated callers only', async () => {
  const { firstRun } = server
  assert.ok(firstRun)
  const { tenantId, servicePrincipal } = firstRun.content
  const headers = { host: 'localhost:5443' }
  const form = {
    grant_type: 'client_credentials',
    client_id: servicePrincipal.appId,
    client_secret: servicePrincipal.password,
  }
  const token = await server.app.inject({
    method: 'POST',
    url: `/${tenantId}/oauth2/v2.0/token`,
    headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
    payload: new URLSearchParams({ ...form, scope: 'https://management.core.windows.net//.default' }).toString(),
  })
  const ask = (authorization?: string) =>
    server.app.inject({
      url: '/openapi.json',
      headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    })
  assert.equal((await ask()).statusCode, 401)
  assert.equal((await ask('Bearer x.y.z')).statusCode, 401)
  const answer = await ask(`Bearer ${token.json<{ access_token: string }>().access_token}`)
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), JSON.parse(JSON.stringify(document)))
  assert.ok(!answer.body.includes(tenantId) && !answer.body.includes(servicePrincipal.appId))
})
