import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestSeed, subscriptionId } from '../../../testing/emulator/test-seed.ts'
import { derivedId } from './derived-id.ts'
import { SeedError } from './seed-error.ts'

const dayMs = 24 * 60 * 60 * 1000

const condition = "@Resource[Microsoft.ContainerRegistry/registries/repositories:name] StringStartsWith 'team/'"

/** A document with every key but `clock` and `images`. */
const everything = `
version: 1
registries:
  - { name: contoso, sku: Standard, mode: abac, admin: { passwords: [admin-1, admin-2] } }
users:
  - { upn: ada@contoso.test, password: ada-password }
applications:
  - name: ci
    secrets: [{ value: ci-secret, expiresIn: 30d }]
    federated: [{ issuer: https://issuer.example, subject: 'repo:o/r:ref:refs/heads/main' }]
groups:
  - { name: team, members: [ada@contoso.test, nested] }
  - { name: nested, members: [ci] }
roleAssignments:
  - { to: team, role: Container Registry Repository Reader, on: contoso, condition: "${condition}" }
scopeMaps:
  - { registry: contoso, name: pull-team, actions: ['repositories/team/*/content/read'] }
tokens:
  - { registry: contoso, name: device, scopeMap: pull-team, passwords: [device-secret, { value: other-secret, expiresIn: 2h }] }
  - { registry: contoso, name: reader, scopeMap: _repositories_pull }
`

test('a seed creates everything that it names, with the ids, secrets and passwords that it names', async (t) => {
  const { apply, resources, directory, credentials, access, time, registryChanges } = await openTestSeed(t)
  assert.deepEqual(await apply(everything), {})
  assert.equal(registryChanges(), 1)

  const registry = await resources.findRegistryByName('contoso')
  assert.ok(registry)
  assert.deepEqual(
    [registry.resourceGroup, registry.sku, registry.roleAssignmentMode, registry.adminUserEnabled],
    ['default', 'Standard', 'AbacRepositoryPermissions', true],
  )
  const passwords = await resources.readAdminPasswords(registry.rid)
  assert.deepEqual(passwords, { password: 'admin-1', password2: 'admin-2' })
  assert.equal((await resources.verifyAdminPassword(registry.rid, 'admin-2'))?.name, 'password2')

  const ada = derivedId('users/ada@contoso.test')
  const user = await directory.authentication.find(ada)
  assert.deepEqual(
    [user?.userPrincipalName, user?.displayName, user?.mustChangePassword],
    ['ada@contoso.test', 'ada', false],
  )
  assert.ok(user?.passwordHash?.includes('ada-password') === false)
  const claim = { userPrincipalName: 'ada@contoso.test', password: 'ada-password', remoteAddress: '127.0.0.1' }
  assert.equal((await credentials.checkPassword(claim)).outcome, 'verified')

  const appId = derivedId('applications/ci/appId')
  const checked = await credentials.checkClientSecret(appId, 'ci-secret')
  assert.ok(checked.outcome === 'verified')
  assert.equal(checked.servicePrincipal.objectId, derivedId('applications/ci/objectId'))
  assert.equal(checked.expiresAtMs, time.nowMs + 30 * dayMs)
  const assertion = {
    issuer: 'https://issuer.example',
    subject: 'repo:o/r:ref:refs/heads/main',
    audiences: ['api://AzureADTokenExchange'],
    claim: () => undefined,
  }
  assert.equal((await credentials.matchFederatedCredential(assertion, appId)).outcome, 'matched')

  const team = derivedId('groups/team')
  const ci = checked.servicePrincipal.objectId
  assert.deepEqual(await directory.groupIdsOf(ci), [derivedId('groups/nested'), team].toSorted())
  const [assignment] = await access.listAssignments({ scope: registry.id, includeBelow: false, principalIds: [team] })
  assert.equal(assignment?.condition, condition)
  assert.equal(assignment?.principalType, 'Group')

  const scopeMap = await access.scopeMaps.find(registry.rid, 'pull-team')
  assert.deepEqual(scopeMap?.actions, ['repositories/team/*/content/read'])
  assert.equal(await access.checkScopedTokenPassword(registry.rid, 'device', 'device-secret'), 'verified')
  assert.equal(await access.checkScopedTokenPassword(registry.rid, 'device', 'other-secret'), 'verified')
  time.nowMs += 2 * 60 * 60 * 1000
  assert.equal(await access.checkScopedTokenPassword(registry.rid, 'device', 'device-secret'), 'verified')
  assert.equal(await access.checkScopedTokenPassword(registry.rid, 'device', 'other-secret'), 'expired-password')
})

test('a second application of a seed changes nothing, and records no event', async (t) => {
  const { apply, database, events, registryChanges, time } = await openTestSeed(t)
  await apply(everything)
  const [before, revision] = [await events(), await database.authorityRevision()]
  assert.ok(before.length > 15)
  time.nowMs += 40 * dayMs
  await apply(everything)
  assert.deepEqual(await events(), before)
  assert.equal(await database.authorityRevision(), revision)
  assert.equal(registryChanges(), 1)
})

test('a changed seed changes what differs, and deletes nothing', async (t) => {
  const { apply, events, resources, directory, credentials, access } = await openTestSeed(t)
  await apply(everything)
  const before = (await events()).length
  const rid = (await resources.findRegistryByName('contoso'))?.rid ?? ''
  await apply(`
version: 1
registries: [{ name: contoso, sku: Premium, admin: { passwords: [admin-1, admin-3] } }]
users: [{ upn: Ada@contoso.test, password: another, displayName: Ada }]
applications: [{ name: ci, secrets: [{ value: second }] }]
groups: [{ name: team, members: [ci] }]
roleAssignments: [{ to: team, role: Container Registry Repository Reader, on: contoso }]
scopeMaps: [{ registry: contoso, name: pull-team, actions: ['repositories/team/*/content/write'] }]
tokens: [{ registry: contoso, name: device, scopeMap: _repositories_push, passwords: [new-secret] }]
`)
  assert.deepEqual((await events()).slice(before), [
    'registry.update',
    'registry.regenerate-credential',
    'user.update',
    'user.reset-password',
    'client-secret.create',
    'group.add-member',
    'role-assignment.update',
    'scope-map.update',
    'scoped-token.update',
    'scoped-token.generate-credentials',
  ])
  assert.equal((await resources.findRegistryByRid(rid))?.roleAssignmentMode, 'AbacRepositoryPermissions')
  assert.equal((await resources.readAdminPasswords(rid))?.password2, 'admin-3')
  assert.equal((await directory.findUserByName('ada@contoso.test'))?.displayName, 'Ada')
  const appId = derivedId('applications/ci/appId')
  for (const secret of ['ci-secret', 'second']) {
    assert.equal((await credentials.checkClientSecret(appId, secret)).outcome, 'verified', secret)
  }
  assert.equal(await access.checkScopedTokenPassword(rid, 'device', 'device-secret'), 'wrong-password')
  assert.equal(await access.checkScopedTokenPassword(rid, 'device', 'other-secret'), 'verified')
})

test('ids that the seed names are used, and those of another object are rejected', async (t) => {
  const { apply, directory } = await openTestSeed(t)
  const [userId, appId, objectId, groupId] = [1, 2, 3, 4].map((n) => `aaaaaaaa-0000-4000-8000-00000000000${n}`)
  await apply(`
version: 1
users: [{ upn: ada@contoso.test, objectId: ${userId} }]
applications: [{ name: ci, appId: ${appId}, objectId: ${objectId} }]
groups: [{ name: team, objectId: ${groupId}, members: [${objectId}] }]
`)
  assert.equal((await directory.findUserByName('ada@contoso.test'))?.objectId, userId)
  assert.equal((await directory.findServicePrincipalByAppId(appId ?? ''))?.objectId, objectId)
  assert.deepEqual(await directory.groupIdsOf(objectId ?? ''), [groupId])
  await assert.rejects(
    apply(`version: 1\nusers: [{ upn: ada@contoso.test, objectId: ${appId} }]`),
    /^SeedError: seed\.yaml:2:34: users\[0\]\.objectId must be aaaaaaaa-0000-4000-8000-000000000001, the id of the existing user$/,
  )
})

test('principals, registries and scopes that exist already can be named', async (t) => {
  const { apply, access } = await openTestSeed(t)
  await apply(
    'version: 1\nregistries: [{ name: contoso }]\nusers: [{ upn: ada@contoso.test }]\ngroups: [{ name: team }]',
  )
  const group = `/subscriptions/${subscriptionId}/resourceGroups/default`
  await apply(`
version: 1
roleAssignments:
  - { to: ADA@contoso.test, role: acrpull, on: Contoso }
  - { to: team, role: 8e3af657-a8ff-443c-a75c-2fe8c4bcb635, on: ${group} }
tokens: [{ registry: contoso, name: device, scopeMap: _repositories_pull }]
`)
  const assigned = await access.listAssignments({ scope: group, includeBelow: true })
  assert.deepEqual(assigned.map(({ scope }) => scope.replace(group, '')).toSorted(), [
    '',
    '/providers/Microsoft.ContainerRegistry/registries/contoso',
  ])
})

test('the clock of a seed is set before its secrets begin to expire', async (t) => {
  const { apply, credentials, time } = await openTestSeed(t)
  await apply(
    'version: 1\nclock: 2030-01-01T00:00:00Z\napplications: [{ name: ci, secrets: [{ value: s, expiresIn: 1h }] }]',
  )
  assert.equal(time.nowMs, Date.UTC(2030, 0, 1))
  const checked = await credentials.checkClientSecret(derivedId('applications/ci/appId'), 's')
  assert.ok(checked.outcome === 'verified')
  assert.equal(checked.expiresAtMs, Date.UTC(2030, 0, 1, 1))
})

const contoso = 'registries: [{ name: contoso }]'
const wrong: readonly (readonly [text: string, message: RegExp, why: string])[] = [
  [
    `${contoso}\nroleAssignments: [{ to: nobody, role: AcrPull, on: contoso }]`,
    /^seed\.yaml:3:21: roleAssignments\[0\]\.to names nobody, but there is no user, application or group with this name$/,
    'a principal that does not exist',
  ],
  [
    `${contoso}\nusers: [{ upn: a@b.test }]\nroleAssignments: [{ to: a@b.test, role: AcrPul, on: contoso }]`,
    /^seed\.yaml:4:35: roleAssignments\[0\]\.role names AcrPul, but the role does not exist at this scope$/,
    'a role that does not exist',
  ],
  [
    `${contoso}\nusers: [{ upn: a@b.test }]\nroleAssignments: [{ to: a@b.test, role: AcrPull, on: fabrikam }]`,
    /^seed\.yaml:4:50: roleAssignments\[0\]\.on names fabrikam, but there is no registry with this name$/,
    'a registry that does not exist',
  ],
  [
    `users: [{ upn: a@b.test }]\nroleAssignments: [{ to: a@b.test, role: AcrPull, on: /subscriptions/nobody }]`,
    /^seed\.yaml:3:50: roleAssignments\[0\]\.on must be the name of a registry, or a resource id/,
    'a scope elsewhere',
  ],
  [
    `${contoso}\nusers: [{ upn: a@b.test }]\nroleAssignments: [{ to: a@b.test, role: AcrPull, on: contoso, condition: '@x' }]`,
    /^seed\.yaml:4:63: roleAssignments\[0\]\.condition is not a valid condition\. At character \d+: /,
    'an invalid condition',
  ],
  [
    `${contoso}\ngroups: [{ name: ci }]\napplications: [{ name: ci }]\nroleAssignments: [{ to: ci, role: AcrPull, on: contoso }]`,
    /^seed\.yaml:5:21: roleAssignments\[0\]\.to is ambiguous: ci names 2 principals\. Use the object id$/,
    'a name of two principals',
  ],
  [
    'groups: [{ name: team, members: [team] }]',
    /^seed\.yaml:2:34: groups\[0\]\.members\[0\] must not be the group itself$/,
    'a group in itself',
  ],
  [
    `${contoso}\ntokens: [{ registry: contoso, name: device, scopeMap: readers }]`,
    /^seed\.yaml:3:45: tokens\[0\]\.scopeMap names readers, but the registry contoso has no scope map with this name$/,
    'a scope map that does not exist',
  ],
  [
    `${contoso}\ntokens: [{ registry: contoso, name: Contoso, scopeMap: _repositories_pull }]`,
    /^seed\.yaml:3:31: tokens\[0\]\.name must be neither a GUID nor the name of the registry$/,
    'a token with the name of the admin account',
  ],
  ['users: [{ upn: a@b.test }, { upn: A@b.test }]', /^seed\.yaml:2:28: users\[1\] repeats A@b\.test$/, 'a user twice'],
  [
    'applications: [{ name: ci, federated: [{ issuer: "http://issuer.example", subject: x }] }]',
    /^seed\.yaml:2:42: applications\[0\]\.federated\[0\]\.issuer must be an https URL/,
    'an issuer over HTTP',
  ],
]

test('a seed with a wrong reference is rejected at its place, and changes nothing', async (t) => {
  const { apply, events } = await openTestSeed(t)
  for (const [text, message, why] of wrong) {
    await assert.rejects(apply(`version: 1\n${text}`), (error: unknown) => {
      assert.ok(error instanceof SeedError, why)
      assert.match(error.message, message, why)
      return true
    })
    assert.deepEqual(await events(), [], why)
  }
})

test('a change that fails undoes all changes, and the time', async (t) => {
  const { apply, directory, events, time } = await openTestSeed(t)
  const id = 'aaaaaaaa-0000-4000-8000-000000000001'
  const [before, beforeMs] = [await events(), time.nowMs]
  await assert.rejects(
    apply(`
version: 1
clock: 2030-01-01T00:00:00Z
users: [{ upn: ada@contoso.test, objectId: ${id} }, { upn: bob@contoso.test, objectId: ${id} }]
`),
    /^SeedError: seed\.yaml:4:84: users\[1\] cannot be applied: /,
  )
  assert.equal(await directory.findUserByName('ada@contoso.test'), undefined)
  assert.deepEqual(await events(), before)
  assert.equal(time.nowMs, beforeMs)
})
