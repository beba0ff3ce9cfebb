import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HeldRole, capabilityLoss, changePhrases, modeChanges } from './mode-changes.ts'

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

test('a switch of the mode takes permissions from roles for the registry, and gives them to those for repositories', () => {
  const [pull] = modeChanges([acrPull], 'AbacRepositoryPermissions')
  assert.deepEqual(pull && changePhrases(pull), ['loses pull, list on all repositories'])
  const [gained] = modeChanges([reader], 'AbacRepositoryPermissions')
  assert.deepEqual(gained && changePhrases(gained), ['gains pull on team/*'])
  const [kept] = modeChanges([acrPull, reader], 'AbacRepositoryPermissions')
  assert.deepEqual(kept && changePhrases(kept), [
    'loses pull on all repositories except team/*',
    'loses list on all repositories',
  ])
  const [back] = modeChanges([reader], 'LegacyRegistryPermissions')
  assert.deepEqual(back && changePhrases(back), ['loses pull on team/*'])
  const owner = { ...acrPull, permissions: [{ ...nothing, actions: ['*'], dataActions: ['*'] }] }
  assert.deepEqual(modeChanges([owner], 'AbacRepositoryPermissions'), [])
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
