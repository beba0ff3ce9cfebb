import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { repositoryNameAttribute } from '@acrux/shared/standards/conditions/role-condition.ts'
import { type ModeChange, type RightChange, createModeChanges } from './mode-changes.ts'
import { createAssignedRoles } from '../roles/assigned-roles.ts'
import { createRoleAssignmentStore } from '../roles/role-assignment-store.ts'
import { openTestAccessFor, testRegistry, testScopes } from '../../../testing/authorization/test-access.ts'

const attribute = `@Request[${repositoryNameAttribute}]`
const team = { condition: `${attribute} StringStartsWith 'team/'`, conditionVersion: '2.0' }
const notA = { condition: `${attribute} StringNotEquals 'a'`, conditionVersion: '2.0' }
const reader = 'Container Registry Repository Reader'
const toAbac = 'AbacRepositoryPermissions'
const toLegacy = 'LegacyRegistryPermissions'
const all = { after: '', size: 100 }

/** A text such as `pull everywhere except team/*`. */
function words({ right, places, except }: RightChange): string {
  const listed = [...places.patterns, ...(places.others ? ['others'] : [])].join(', ')
  const kept = [...except.patterns, ...(except.others ? ['others'] : [])].join(', ')
  return `${right} ${listed}${kept === '' ? '' : ` except ${kept}`}`
}

const changeWords = ({ lost, gained }: Pick<ModeChange, 'lost' | 'gained'>) => ({
  lost: lost.map(words),
  gained: gained.map(words),
})

type Given = readonly (readonly [role: string, scope: string, condition?: object])[]

// prettier-ignore
const table: readonly (readonly [why: string, roles: Given, lost: readonly string[], gained: readonly string[]])[] = [
  ['a role for the registry',            [['AcrPull', testScopes.registry]],                    ['pull *', 'catalog *'], []],
  ['an inherited role',                  [['AcrPush', testScopes.subscription]],                ['pull *', 'push *', 'catalog *'], []],
  ['a role for repositories',            [[reader, testScopes.registry]],                       [], ['pull *']],
  ['a role for some repositories',       [[reader, testScopes.registry, team]],                 [], ['pull team/*']],
  ['a condition that is no list',        [[reader, testScopes.registry, notA]],                 [], ['pull others']],
  ['both roles',                         [['AcrPull', testScopes.registry], [reader, testScopes.resourceGroup]], ['catalog *'], []],
  ['both, one for some repositories',    [['AcrPull', testScopes.registry], [reader, testScopes.registry, team]], ['pull * except team/*', 'catalog *'], []],
  ['a role without images',              [['User Access Administrator', testScopes.registry]],  ['pull *', 'catalog *'], []],
  ['a role that lists',                  [['Container Registry Repository Catalog Lister', testScopes.registry]], [], ['catalog *']],
  ['a listing role under a condition',   [['Container Registry Repository Catalog Lister', testScopes.registry, team]], [], []],
]

for (const kind of testDatabaseKinds) {
  test(`a switch of the mode is compared by the roles of each principal (${kind})`, async (t) => {
    const { access, assign } = await openTestAccessFor(t, kind)
    const expected = new Map<string, { why: string; lost: readonly string[]; gained: readonly string[] }>()
    for (const [why, roles, lost, gained] of table) {
      const principalId = randomUUID()
      for (const [role, scope, condition] of roles) await assign(principalId, role, scope, condition)
      if (lost.length + gained.length > 0) expected.set(principalId, { why, lost, gained })
    }
    await assign(randomUUID(), 'AcrPull', `${testScopes.registry}2`)
    const { changes, ...rest } = await access.listModeChanges(testRegistry(), toAbac, all)
    assert.deepEqual(rest, { next: undefined, count: expected.size, isCountComplete: true })
    assert.deepEqual(
      changes.map(({ principalId }) => principalId),
      [...expected.keys()].sort(),
    )
    for (const change of changes) {
      const { why, lost, gained } = expected.get(change.principalId) ?? { why: 'nobody else' }
      assert.deepEqual(changeWords(change), { lost, gained }, why)
    }
    const abac = testRegistry({ roleAssignmentMode: toAbac })
    const back = await access.listModeChanges(abac, toLegacy, all)
    assert.deepEqual(
      back.changes.map(changeWords),
      changes.map((change) => ({ lost: changeWords(change).gained, gained: changeWords(change).lost })),
      'the way back is the opposite',
    )
    assert.equal((await access.listModeChanges(abac, toAbac, all)).count, 0, 'the mode that it has')
  })

  test(`the principals that a switch changes are listed in pages, each one once (${kind})`, async (t) => {
    const { access, assign, database } = await openTestAccessFor(t, kind)
    const ids = Array.from({ length: 7 }, () => randomUUID()).sort()
    for (const id of ids) {
      await assign(id, 'AcrPull', testScopes.subscription)
      await assign(id, 'AcrPush', testScopes.registry)
      await assign(randomUUID(), 'AcrImageSigner', testScopes.registry)
    }
    const store = createRoleAssignmentStore(database)
    const assigned = createAssignedRoles(database, { now: () => 0 }, store)
    const inParts = createModeChanges(store, assigned, { readTogether: 3, maxRead: 25 })
    for (const [modeChanges, isCountComplete] of [
      [access, true],
      [inParts, false],
    ] as const) {
      for (const size of [1, 3, 7, 8]) {
        const seen: string[] = []
        let after: string | undefined = ''
        while (after !== undefined) {
          const page = await modeChanges.listModeChanges(testRegistry(), toAbac, { after, size })
          if (after === '') assert.equal(page.isCountComplete, isCountComplete)
          if (after === '' && isCountComplete) assert.equal(page.count, ids.length)
          assert.ok(page.changes.length <= size)
          for (const { principalId, roleNames } of page.changes) {
            assert.deepEqual(roleNames.toSorted(), ['AcrPull', 'AcrPush'])
            seen.push(principalId)
          }
          after = page.next
        }
        assert.deepEqual(seen, ids, `in pages of ${size}`)
      }
    }
  })
}
