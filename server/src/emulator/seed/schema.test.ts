import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fastify from 'fastify'
import { readSeed } from './read-seed.ts'
import { seedJsonSchema } from './schema.ts'

/** Documents whose validity the JSON Schema can determine. */
const documents: readonly (readonly [document: object, why: string])[] = [
  [{ version: 1 }, 'nothing but the version'],
  [{ $schema: './seed.json', version: 1, clock: '2027-01-01T00:00:00Z' }, 'a clock'],
  [{}, 'no version'],
  [{ version: 2 }, 'another version'],
  [{ version: 1, zebra: 1 }, 'an unknown key'],
  [{ version: 1, clock: 'tomorrow' }, 'a clock that is not a time'],
  [
    { version: 1, registries: [{ name: 'contoso', sku: 'Basic', mode: 'abac', admin: { passwords: ['a', 'b'] } }] },
    'a registry',
  ],
  [{ version: 1, registries: [{ name: 'contoso', sku: 'Gold' }] }, 'an unknown SKU'],
  [{ version: 1, registries: [{ name: 'c' }] }, 'a short name'],
  [{ version: 1, registries: [{ name: 'contoso', admin: { passwords: ['a', 'b', 'c'] } }] }, 'three passwords'],
  [{ version: 1, registries: [{ name: 'contoso', admin: { passwords: ['a\nb'] } }] }, 'a control character'],
  [{ version: 1, users: [{ upn: 'ada@contoso.test', password: 'x', objectId: 'x' }] }, 'an id that is no GUID'],
  [{ version: 1, users: [{ upn: 'ada@contoso.test', password: 1 }] }, 'a number for a text'],
  [
    { version: 1, applications: [{ name: 'ci', secrets: ['a', { value: 'b', expiresIn: '30d' }] }] },
    'secrets of both forms',
  ],
  [{ version: 1, applications: [{ name: 'ci', secrets: [{ value: 'b', expiresIn: '1w' }] }] }, 'an unknown unit'],
  [{ version: 1, applications: [{ name: 'ci', federated: [{ issuer: 'https://a.example' }] }] }, 'no subject'],
  [{ version: 1, groups: [{ name: 'team' }, { name: 'other', members: ['team'] }] }, 'groups'],
  [{ version: 1, roleAssignments: [{ to: 'team', role: 'AcrPull' }] }, 'no scope'],
  [{ version: 1, scopeMaps: [{ registry: 'contoso', name: 'readers', actions: [] }] }, 'no actions'],
  [{ version: 1, tokens: [{ registry: 'contoso', name: 'device', scopeMap: 'readers', passwords: ['x'] }] }, 'a token'],
  [{ version: 1, tokens: [{ registry: 'contoso', name: 'a_b_c', scopeMap: 'readers' }] }, 'an underscore in a token'],
  [{ version: 1, images: [{ ref: 'contoso/a:1', layers: 2, bytes: 10, platforms: ['linux/arm64/v8'] }] }, 'an image'],
  [{ version: 1, images: [{ ref: 'contoso/a:1', layers: 0 }] }, 'no layers'],
  [{ version: 1, images: [{ ref: 'contoso/a:1', bytes: 1.5 }] }, 'half a byte'],
  [{ version: 1, images: [{ ref: 'contoso/a:1', platforms: ['arm64'] }] }, 'a platform without a system'],
]

function isSeed(document: object): boolean {
  try {
    readSeed(JSON.stringify(document), 'seed.json')
    return true
  } catch {
    return false
  }
}

const validating = { coerceTypes: false, removeAdditional: false, useDefaults: false } as const
const app = fastify({ ajv: { customOptions: validating } })
const { $schema: _version, ...body } = seedJsonSchema() as Record<string, unknown>
app.post('/', { schema: { body } }, async () => 'valid')
after(() => app.close())

test('the JSON Schema and the emulator agree on the validity of documents that contain unknown names', async () => {
  const verdicts = new Set<boolean>()
  for (const [document, why] of documents) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/', payload: document })
    assert.equal(statusCode === 200, isSeed(document), why)
    verdicts.add(statusCode === 200)
  }
  assert.equal(verdicts.size, 2)
})
