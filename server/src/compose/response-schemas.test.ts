import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { loadConfiguration } from '../configuration/index.ts'
import { apiSchemas } from '../platform/http/api-schema.ts'
import { createLog } from '../platform/log/log.ts'
import { compose } from './compose.ts'

/** The surfaces whose responses have schemas. */
const surfaces = [
  'graph.',
  'token.',
  'registry.properties.',
  'registry.repository.',
  'registry.tag-',
  'registry.manifest-',
  'registry.deleted.',
]

const directory = await mkdtemp(path.join(tmpdir(), 'acrux-responses-'))
const flags = { dataDir: path.join(directory, 'data'), http: true }
const server = await compose(await loadConfiguration({ flags, env: {} }), createLog('silent'))
test.after(async () => {
  await server.close()
  await rm(directory, { recursive: true })
})
const routes = server.routes.filter(({ id }) => surfaces.some((prefix) => id.startsWith(prefix)))

/** The paths in a JSON schema of the objects that accept any other property. */
function openObjects(schema: unknown, at: string): string[] {
  if (Array.isArray(schema)) return schema.flatMap((one, index) => openObjects(one, `${at}/${index}`))
  if (typeof schema !== 'object' || schema === null) return []
  const isOpen = 'type' in schema && schema.type === 'object' && !('additionalProperties' in schema)
  const below = Object.entries(schema).flatMap(([name, one]) => openObjects(one, `${at}/${name}`))
  return isOpen ? [at, ...below] : below
}

test('the response of every route is described by a named schema, or has no body', () => {
  assert.ok(routes.length > 80)
  for (const { id, response } of routes) {
    assert.ok(response !== undefined, id)
    if (response === 'none') continue
    const name = apiSchemas.get(response)?.id
    assert.ok(name !== undefined && !name.endsWith('.response'), `the schema of ${id} has no name of its own`)
  }
})

test('the schema of a response names every property that is sent', () => {
  for (const { id, response } of routes) {
    if (response === undefined || response === 'none') continue
    assert.deepEqual(openObjects(z.toJSONSchema(response, { io: 'input', unrepresentable: 'any' }), ''), [], id)
  }
})
