import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maxSeedBytes, readSeed } from './read-seed.ts'
import { seedJsonSchema } from './schema.ts'
import { SeedError } from './seed-error.ts'

/** The message of the error for a document. */
function problemOf(text: string): string {
  try {
    readSeed(text, 'seed.yaml')
  } catch (error) {
    assert.ok(error instanceof SeedError)
    return error.message
  }
  throw new Error('the seed is valid')
}

const invalid: readonly (readonly [text: string, message: string, why: string])[] = [
  ['', 'seed.yaml:1:1: the seed must be a mapping', 'nothing'],
  ['[]', 'seed.yaml:1:1: the seed must be a mapping', 'a list'],
  ['registries: []', 'seed.yaml:1:1: version must be 1', 'no version'],
  ['version: 2', 'seed.yaml:1:1: version must be 1', 'another version'],
  [
    'version: 1\nregistries:\n  - name: contoso\n    sku: Gold\n',
    'seed.yaml:4:5: registries[0].sku must be Basic, Standard or Premium',
    'an unknown value, at its key',
  ],
  [
    'version: 1\nregistries: [{ name: contoso, sk: Basic }]',
    'seed.yaml:2:31: registries[0].sk is not a key of the seed. Did you mean sku?',
    'an unknown key with a known neighbour',
  ],
  [
    'version: 1\nregistrys: []',
    'seed.yaml:2:1: registrys is not a key of the seed. Did you mean registries?',
    'an unknown key of the document, whose neighbour is one, too',
  ],
  ['version: 1\nzebra: 1', 'seed.yaml:2:1: zebra is not a key of the seed', 'an unknown key'],
  [
    'version: 1\ntemplates: [{ file: main.json }]',
    'seed.yaml:2:1: templates is not supported: this server evaluates no templates. Use the other keys of the seed',
    'templates',
  ],
  [
    'version: 1\nregistries: [{ name: c }]',
    'seed.yaml:2:16: registries[0].name must have 5 to 50 letters and digits',
    'a name that ARM rejects',
  ],
  ['version: 1\nregistries: [{}]', 'seed.yaml:2:14: registries[0].name is missing', 'a missing member, at its mapping'],
  [
    'version: 1\nusers: [{ upn: ada@contoso.test, password: 123456 }]',
    'seed.yaml:2:34: users[0].password must be a string, in quotes if the string looks like a number',
    'a number for a text',
  ],
  [
    'version: 1\nregistries: [{ name: contoso, admin: { passwords: [a, b, c] } }]',
    'seed.yaml:2:40: registries[0].admin.passwords must have at most 2 items',
    'three admin passwords',
  ],
  [
    "version: 1\nregistries: [{ name: contoso, admin: { passwords: [''] } }]",
    'seed.yaml:2:52: registries[0].admin.passwords[0] must have at least 1 characters',
    'an empty password',
  ],
  [
    'version: 1\nregistries: [{ name: contoso, admin: { passwords: ["a\\nb"] } }]',
    'seed.yaml:2:52: registries[0].admin.passwords[0] must not contain control characters',
    'a password that Basic authentication cannot carry',
  ],
  [
    'version: 1\napplications: [{ name: ci, secrets: [{ value: s, expiresIn: 1w }] }]',
    'seed.yaml:2:50: applications[0].secrets[0].expiresIn must be a duration such as 90m, 24h, 30d or 2d12h',
    'an unknown unit',
  ],
  [
    'version: 1\nclock: tomorrow',
    'seed.yaml:2:1: clock must be a time such as 2027-01-01T00:00:00Z',
    'a clock that is not a time',
  ],
  [
    'version: 1\nscopeMaps: [{ registry: contoso, name: readers, actions: [pull] }]',
    'seed.yaml:2:59: scopeMaps[0].actions[0] must be an action such as repositories/team/*/content/read',
    'an action that is not one of a scope map',
  ],
  [
    'version: 1\napplications: [{ name: ci, secrets: [1] }]',
    'seed.yaml:2:38: applications[0].secrets[0] must be a string, or a mapping with `value` and `expiresIn`',
    'a secret of neither kind',
  ],
  [
    'version: 1\ntokens: [{ registry: contoso, name: device, scopeMap: readers, passwords: [1] }]',
    'seed.yaml:2:76: tokens[0].passwords[0] must be a string, or a mapping with `value` and `expiresIn`',
    'a password of neither kind',
  ],
  ['version: 1\nversion: 1', 'seed.yaml:2:1: Map keys must be unique', 'a key twice'],
  ['version: 1\nusers: [', 'seed.yaml:2:9: ', 'broken YAML'],
  ['version: !!js/function 1', 'seed.yaml:1:10: Unresolved tag: tag:yaml.org,2002:js/function', 'a tag'],
  [
    '{"version": 1,\n "users": [{"upn": "ada"}]}',
    'seed.yaml:2:13: users[0].upn must be a name, an @ and a domain',
    'JSON',
  ],
  [
    'version: 1\nzebra: 1\nusers: [{ upn: ada }]',
    'seed.yaml:2:1: zebra is not a key of the seed\nseed.yaml:3:11: users[0].upn must',
    'two problems',
  ],
]

for (const [text, message, why] of invalid) {
  test(`a seed is rejected with its line and column: ${why}`, () => {
    const problem = problemOf(text)
    assert.ok(problem.startsWith(message), problem)
  })
}

test('a seed in JSON and the same seed in YAML are equal, and have defaults', () => {
  const json = readSeed('{"version":1,"users":[{"upn":"ada@contoso.test"}]}', 'a').seed
  assert.deepEqual(readSeed('version: 1\nusers: [{ upn: ada@contoso.test }]', 'b').seed, json)
  assert.deepEqual(json.registries, [])
  assert.deepEqual(json.users, [{ upn: 'ada@contoso.test' }])
})

test('the times of a seed are instants and durations in milliseconds', () => {
  const secrets = '[{ name: ci, secrets: [{ value: s, expiresIn: 1d12h }] }]'
  const { seed } = readSeed(`version: 1\nclock: 2027-01-01T00:00:00Z\napplications: ${secrets}`, 'a')
  assert.equal(seed.clock, Date.UTC(2027, 0, 1))
  assert.equal(seed.applications[0]?.secrets[0]?.expiresIn, 36 * 3_600_000)
})

test('a seed that costs too much is rejected quickly', () => {
  const bomb = `version: 1\na: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((name, at) => `${name}: &${name} [${`*${'abcdefgh'.charAt(at)},`.repeat(9)}]`)
    .join('\n')}`
  assert.match(problemOf(bomb), /Excessive alias count/)
  for (const deep of ['[', '{a: ', '- ']) assert.notEqual(problemOf(`version: 1\nusers: ${deep.repeat(20_000)}`), '')
  assert.match(problemOf(`version: 1 #${'x'.repeat(maxSeedBytes)}`), /^seed\.yaml: the seed is larger than/)
})

test('the JSON Schema names every key, and rejects others', () => {
  const schema = seedJsonSchema() as { properties: Record<string, { items?: { additionalProperties?: boolean } }> }
  const keys = ['$schema', 'version', 'clock', 'registries', 'users', 'applications', 'groups', 'roleAssignments']
  assert.deepEqual(Object.keys(schema.properties), [...keys, 'scopeMaps', 'tokens', 'images'])
  for (const [key, { items }] of Object.entries(schema.properties)) {
    if (items !== undefined) assert.equal(items.additionalProperties, false, key)
  }
})
