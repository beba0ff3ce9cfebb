import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeldRole, type RoleAssignmentMode, capabilityLoss, changePhrases } from './mode-changes.ts'

const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] }
const registries = 'Microsoft.ContainerRegistry/registries'
const acrPull: HeldRole = {
  condition: null,
  permissions: [{ ...nothing, actions: [`${registries}/pull/read`] }],
}
const reader: HeldRole = {
  condition: `@Request[${registries}/repositories:name] StringStartsWithIgnoreCase 'team/'`,
  permissions: [{ ...nothing, dataActions: [`${registries}/repositories/content/read`] }],
}

test('a change by a switch of the mode is described in words', () => {
  const all = { repositories: ['*'], except: [], byCondition: false }
  const some = { repositories: ['team/*', 'tools'], except: [], byCondition: false }
  // prettier-ignore
  const table = [
    [[{ action: 'pull', ...all }, { action: 'catalog', ...all }], [], ['loses pull, list on all repositories']],
    [[], [{ action: 'pull', ...some }], ['gains pull on team/*, tools']],
    [[{ action: 'pull', ...all, except: ['team/*'] }, { action: 'catalog', ...all }], [], ['loses pull on all repositories except team/*', 'loses list on all repositories']],
    [[{ action: 'push', ...all, byCondition: true }], [], ['loses push on all repositories except the repositories of a condition']],
    [[], [{ action: 'push', repositories: ['a'], except: [], byCondition: true }], ['gains push on a, the repositories of a condition']],
  ] as const
  for (const [lost, gained, phrases] of table) assert.deepEqual(changePhrases({ lost, gained }), phrases)
})

test('a removed role takes what no other role of the principal gives', () => {
  const mode = 'LegacyRegistryPermissions'
  const push = { ...acrPull, permissions: [{ ...nothing, actions: [`${registries}/*`] }] }
  const pulls = [
    { capability: 'pull', where: 'all repositories' },
    { capability: 'list', where: 'all repositories' },
  ]
  assert.deepEqual(capabilityLoss([acrPull], [], mode), pulls)
  assert.deepEqual(capabilityLoss([acrPull, push], [push], mode), [])
  const abac = 'AbacRepositoryPermissions'
  const tools = { ...reader, condition: reader.condition?.replace('team/', 'tools/') ?? null }
  const lost = [{ capability: 'pull', where: 'team/*' }]
  assert.deepEqual(capabilityLoss([reader, tools], [tools], abac), lost, 'and not tools/*, which stays')
})

test('a condition allows what the rules of conditions say, in every form', () => {
  const action = `${registries}/repositories/content/read`
  const name = `@Request[${registries}/repositories:name]`
  const all = 'all repositories'
  // prettier-ignore
  const table: readonly (readonly [condition: string, abac: string | undefined, legacy: string | undefined, why: string])[] = [
    [`${name} StringEquals 'team/app'`,                                                 'team/app', undefined, 'one repository, which the mode for a registry does not compare'],
    [`((!(ActionMatches{'${action}'})) OR (${name} StringEquals 'team/app'))`,          'team/app', all,       'the form of the portal of Azure, which limits one action'],
    [`!(ActionMatches{'${registries}/repositories/content/write'})`,                    all,        all,       'a condition that limits another action'],
    [`!(ActionMatches{'${action}'})`,                                                   undefined,  all,       'a condition that excludes the action'],
    [`${name} StringLike '*-dev'`,                                                      'the repositories of a condition', undefined, 'a pattern that no list expresses'],
    [`${name} StringEquals 'a' AND ${name} StringStartsWith 'b'`,                       'the repositories of a condition', undefined, 'two limits'],
    [`${name} StringEquals`,                                                            undefined,  undefined, 'a malformed condition'],
  ]
  const permissions = [{ ...nothing, actions: [`${registries}/pull/read`], dataActions: [action] }]
  for (const [condition, abac, legacy, why] of table) {
    const lostIn = (mode: RoleAssignmentMode) =>
      capabilityLoss([{ condition, permissions }], [], mode).find(({ capability }) => capability === 'pull')?.where
    assert.equal(lostIn('AbacRepositoryPermissions'), abac, why)
    assert.equal(lostIn('LegacyRegistryPermissions'), legacy, why)
  }
})

test('what a remaining role allows is excepted from what is lost everywhere', () => {
  const unlimited = { ...reader, condition: null }
  assert.deepEqual(capabilityLoss([unlimited, reader], [reader], 'AbacRepositoryPermissions'), [
    { capability: 'pull', where: 'all repositories except team/*' },
  ])
  assert.deepEqual(capabilityLoss([unlimited, reader], [unlimited], 'AbacRepositoryPermissions'), [])
})
