import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeldRole, capabilityLoss, changePhrases } from './mode-changes.ts'

const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] }
const registries = 'Microsoft.ContainerRegistry/registries'
const acrPull: HeldRole = {
  principalId: 'ada',
  roleName: 'AcrPull',
  condition: null,
  permissions: [{ ...nothing, actions: [`${registries}/pull/read`] }],
}
const reader: HeldRole = {
  principalId: 'ada',
  roleName: 'Container Registry Repository Reader',
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
