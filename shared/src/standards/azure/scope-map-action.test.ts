import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  type RepositoryPermission,
  formatScopeMapAction,
  parseScopeMapAction,
  permissionsByRepository,
} from './scope-map-action.ts'

// prettier-ignore
const actions: readonly (readonly [text: string, taken: boolean, why: string])[] = [
  ['repositories/team/app/content/read',   true,  'a repository by its name'],
  ['repositories/app/content/write',       true,  'a name of one component'],
  ['repositories/app/content/delete',      true,  'every permission'],
  ['repositories/app/metadata/read',       true,  'every permission'],
  ['repositories/app/metadata/write',      true,  'every permission'],
  ['repositories/content/read/content/read', true, 'a repository may be called like a permission'],
  ['repositories/*/content/read',          true,  'all repositories'],
  ['repositories/team/*/content/read',     true,  'all with a prefix'],
  ['repositories/a/b/c/*/metadata/read',   true,  'a long prefix'],
  ['Repositories/Team/App/Content/Read',   true,  'in any case'],
  ['gateway/edge1/config/read',            true,  'a connected registry'],
  ['gateway/edge1/message/write',          true,  'a connected registry'],
  ['repositories/a/*/b/content/read',      false, 'a wildcard in the middle'],
  ['repositories/a*/content/read',         false, 'a wildcard that follows no slash'],
  ['repositories/a/*/b/*/content/read',    false, 'two wildcards'],
  ['repositories/*/*/content/read',        false, 'two wildcards'],
  ['repositories/**/content/read',         false, 'two stars'],
  ['repositories/*/a/content/read',        false, 'a wildcard that something follows'],
  ['repositories//content/read',           false, 'no name'],
  ['repositories/content/read',            false, 'no name'],
  ['repositories/a//b/content/read',       false, 'an empty component'],
  ['repositories/-a/content/read',         false, 'no repository can be called that'],
  ['repositories/a b/content/read',        false, 'no repository can be called that'],
  ['repositories/ä/content/read',          false, 'no repository can be called that'],
  ['repositories/../content/read',         false, 'no repository can be called that'],
  ['repositories/app/content/*',           false, 'permissions have no wildcard'],
  ['repositories/app/content/list',        false, 'no such permission'],
  ['repositories/app/metadata/delete',     false, 'a data action of roles, but none of scope maps'],
  ['repositories/app/config/read',         false, 'a permission of connected registries'],
  ['gateway/edge1/content/read',           false, 'a permission of repositories'],
  ['gateway/*/config/read',                false, 'connected registries have no wildcard'],
  ['gateway/edge/config/read',             false, 'shorter than a registry can be called'],
  ['registry/catalog/content/read',        false, 'nothing else can be given'],
  ['repositories/app/content/read/',       false, 'a slash at the end'],
  ['/repositories/app/content/read',       false, 'a slash at the beginning'],
  [' repositories/app/content/read',       false, 'a blank'],
  ['',                                     false, 'nothing'],
  ['*',                                    false, 'everything'],
  [`repositories/${'a'.repeat(255)}/content/delete`, true,  'the longest name'],
  [`repositories/${'a'.repeat(256)}/content/delete`, false, 'a longer one'],
  [`repositories/${'a/'.repeat(50_000)}/content/read`, false, 'far too long'],
]

describe('an action of a scope map', () => {
  for (const [text, taken, why] of actions) {
    test(`${text.slice(0, 60)} is ${taken ? 'accepted' : 'rejected'}: ${why}`, () => {
      const parsed = parseScopeMapAction(text)
      assert.equal(parsed !== undefined, taken)
      if (parsed !== undefined) assert.equal(formatScopeMapAction(parsed), text.toLowerCase())
    })
  }
})

function permissionsOn(repository: string, ...texts: string[]): RepositoryPermission[] {
  const parsed = texts.map((text) => {
    const action = parseScopeMapAction(text)
    assert.ok(action, text)
    return action
  })
  return [...permissionsByRepository(parsed)(repository)].toSorted()
}

describe('the permissions of a scope map', () => {
  test('are those of every action that fits the name, together', () => {
    const map = [
      'repositories/*/metadata/read',
      'repositories/team/*/content/read',
      'repositories/team/app/content/write',
      'repositories/team/app/*/content/delete',
    ]
    assert.deepEqual(permissionsOn('team/app', ...map), ['content/read', 'content/write', 'metadata/read'])
    assert.deepEqual(permissionsOn('team/app/part', ...map), ['content/delete', 'content/read', 'metadata/read'])
    assert.deepEqual(permissionsOn('team/other', ...map), ['content/read', 'metadata/read'])
    assert.deepEqual(permissionsOn('team', ...map), ['metadata/read'])
    assert.deepEqual(permissionsOn('teams/app', ...map), ['metadata/read'])
    assert.deepEqual(permissionsOn('other', ...map), ['metadata/read'])
  })

  test('on all repositories at once are those of the wildcard alone', () => {
    const map = [
      'repositories/*/content/read',
      'repositories/team/app/content/write',
      'repositories/team/*/content/delete',
    ]
    assert.deepEqual(permissionsOn('*', ...map), ['content/read'])
    assert.deepEqual(permissionsOn('*', ...map.slice(1)), [])
  })

  test('at a connected registry do not apply to a repository of the same name', () => {
    assert.deepEqual(permissionsOn('edge1', 'gateway/edge1/config/read'), [])
  })

  test('are empty without an action', () => {
    assert.deepEqual(permissionsOn('team/app'), [])
    assert.deepEqual(permissionsOn(''), [])
  })

  test('are those that a plain comparison of each action with the name finds', () => {
    const component = fc.constantFrom('a', 'b', 'a-b', 'ab')
    const name = fc.array(component, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    const pattern = fc.oneof(
      name,
      name.map((text) => `${text}/*`),
      fc.constant('*'),
    )
    const permission = fc.constantFrom('content/read', 'content/write', 'metadata/read')
    const action = fc.tuple(pattern, permission)
    const fits = (repository: string, text: string) =>
      text === '*' || (text.endsWith('*') ? repository.startsWith(text.slice(0, -1)) : repository === text)
    fc.assert(
      fc.property(fc.array(action, { maxLength: 8 }), name, (map, repository) => {
        const expected = map.filter(([text]) => fits(repository, text)).map(([, given]) => given)
        const given = permissionsOn(repository, ...map.map(([text, each]) => `repositories/${text}/${each}`))
        assert.deepEqual(given, [...new Set(expected)].toSorted())
      }),
      { numRuns: 500 },
    )
  })
})
