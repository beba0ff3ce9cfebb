import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { RolePermissions } from '@acrux/shared/standards/azure/role-permissions.ts'
import {
  type TestAccess,
  openTestAccessFor,
  principalOf,
  testRegistry,
  testScopes,
} from '../../../testing/authorization/test-access.ts'
import { BuiltInRoleError, RoleInUseError, RoleNameTakenError, RoleNotAssignableError } from './errors.ts'
import type { NewRoleDefinition } from './model.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const abac = testRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' })
const prefix = 'Microsoft.ContainerRegistry/registries'

function permitting(change: Partial<RolePermissions>): RolePermissions {
  return { actions: [], notActions: [], dataActions: [], notDataActions: [], ...change }
}

function definition(change: Partial<NewRoleDefinition> = {}): NewRoleDefinition {
  return {
    name: randomUUID(),
    roleName: 'Image Auditor',
    description: 'Reads images.',
    assignableScopes: [testScopes.resourceGroup],
    permissions: [permitting({ dataActions: [`${prefix}/repositories/*/read`] })],
    author: 'somebody',
    ...change,
  }
}

for (const kind of testDatabaseKinds) {
  describe(`custom roles, on ${kind}`, () => {
    const open = (t: TestContext) => openTestAccessFor(t, kind)
    const put = ({ database, access }: TestAccess, role: NewRoleDefinition) =>
      database.transaction((transaction) => access.putRoleDefinition(transaction, role))
    const remove = ({ database, access }: TestAccess, name: string) =>
      database.transaction((transaction) => access.deleteRoleDefinition(transaction, name))
    const rights = async ({ access }: TestAccess, registry = abac) => {
      const actions = ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'untag']
      const asked = [{ type: 'repository', name: 'team/app', actions }]
      const allowed = await access.allowedAccess(principalOf(alice), registry, asked)
      return allowed.flatMap((scope) => scope.actions).join()
    }

    test('a new role is found by GUID and by name, case-insensitively, and listed after the built-in roles', async (t) => {
      const opened = await open(t)
      const { access, nowMs } = opened
      const wanted = definition()
      const { role, isNew } = await put(opened, { ...wanted, name: wanted.name.toUpperCase() })
      assert.equal(isNew, true)
      const { author, ...rest } = wanted
      const history = { createdAtMs: nowMs, createdBy: author, updatedAtMs: nowMs, updatedBy: author }
      assert.deepEqual(role, { ...rest, type: 'CustomRole', history })
      assert.deepEqual(await access.findRoleDefinition(wanted.name.toUpperCase()), role)
      assert.deepEqual(await access.findRoleDefinition('image AUDITOR'), role)
      assert.deepEqual((await access.listRoleDefinitions()).at(-1), role)
    })

    test('role names are unique, case-insensitively, including the names of built-in roles', async (t) => {
      const opened = await open(t)
      const { role } = await put(opened, definition())
      await assert.rejects(put(opened, definition({ roleName: 'IMAGE auditor' })), RoleNameTakenError)
      await assert.rejects(put(opened, definition({ roleName: 'acrpull' })), RoleNameTakenError)
      await put(opened, definition({ name: role.name, roleName: 'IMAGE auditor' }))
      await put(opened, definition({ name: role.name, roleName: 'Other' }))
      await put(opened, definition({ roleName: 'Image Auditor' }))
    })

    test('a role whose name is the GUID of another role is never confused with it', async (t) => {
      const opened = await open(t)
      const { role } = await put(opened, definition())
      const impostor = await put(opened, definition({ roleName: role.name.toUpperCase() }))
      assert.deepEqual(await opened.access.findRoleDefinition(role.name), role)
      await remove(opened, role.name)
      assert.equal(await opened.access.findRoleDefinition(role.name), undefined)
      assert.deepEqual(await opened.access.findRoleDefinition(impostor.role.name), impostor.role)
      const owner = await opened.access.findRoleDefinition('Owner')
      await assert.rejects(put(opened, definition({ roleName: owner?.name ?? '' })), RoleNameTakenError)
    })

    test('a built-in role cannot be changed or deleted', async (t) => {
      const opened = await open(t)
      const owner = await opened.access.findRoleDefinition('Owner')
      assert.ok(owner)
      await assert.rejects(put(opened, definition({ name: owner.name.toUpperCase() })), BuiltInRoleError)
      await assert.rejects(remove(opened, owner.name), BuiltInRoleError)
      assert.deepEqual(await opened.access.findRoleDefinition('Owner'), owner)
    })

    test('a role allows its actions and data actions, including wildcards, except its exclusions', async (t) => {
      // prettier-ignore
      const cases: readonly (readonly [permissions: readonly RolePermissions[], legacy: string, abac: string])[] = [
        [[permitting({ dataActions: [`${prefix}/repositories/*/read`] })],                               '', 'pull,metadata_read'],
        [[permitting({ dataActions: ['*'], notDataActions: [`${prefix}/repositories/*/delete`] })],      '', 'pull,push,metadata_read,metadata_write,untag'],
        [[permitting({ dataActions: [`${prefix}/repositories/metadata/delete`] })],                      '', 'untag'],
        [[permitting({ dataActions: ['*'], notDataActions: ['*'] })],                                    '', ''],
        [[permitting({ actions: ['*/READ'] })],                                                          'pull,metadata_read', ''],
        [[permitting({ actions: ['*'], notActions: [`${prefix}/push/write`] })],                         'pull,delete,metadata_read,metadata_write', ''],
        [[permitting({ actions: ['*'], notActions: ['*'] }), permitting({ actions: [`${prefix}/artifacts/delete`] })], 'delete', ''],
        [[permitting({ actions: [`${prefix}/pull/read`], dataActions: [`${prefix}/repositories/content/write`] })], 'pull,metadata_read', 'push'],
      ]
      const opened = await open(t)
      const { role } = await put(opened, definition())
      await opened.assign(alice, role.roleName, testScopes.registry)
      for (const [permissions, legacy, data] of cases) {
        await put(opened, definition({ name: role.name, permissions }))
        assert.equal(await rights(opened, testRegistry()), legacy, JSON.stringify(permissions))
        assert.equal(await rights(opened), data, JSON.stringify(permissions))
      }
    })

    test('a changed role applies to the next decision about any principal', async (t) => {
      const opened = await open(t)
      const { role } = await put(opened, definition())
      await opened.assign(alice, role.roleName, testScopes.registry)
      assert.equal(await rights(opened), 'pull,metadata_read')
      const before = await opened.database.authorityRevision()
      const changed = await put(
        opened,
        definition({ name: role.name, permissions: [permitting({ actions: ['*/read'] })] }),
      )
      assert.equal(changed.isNew, false)
      assert.ok((await opened.database.authorityRevision()) > before)
      assert.equal(await rights(opened), '')
      const manages = await opened.access.mayManage(principalOf(alice), `${prefix}/read`, testScopes.registry)
      assert.equal(manages, true)
    })

    test('a role can be assigned only at its assignable scopes', async (t) => {
      const opened = await open(t)
      const { role } = await put(opened, definition())
      await opened.assign(alice, role.roleName, testScopes.resourceGroup.toUpperCase())
      await opened.assign(alice, role.roleName, testScopes.registry)
      for (const scope of [testScopes.subscription, `${testScopes.resourceGroup}2`, testScopes.tenant]) {
        await assert.rejects(opened.assign(alice, role.roleName, scope), RoleNotAssignableError, scope)
      }
      const nowhere = opened.assign(alice, 'Owner', testScopes.registry, { roleDefinitionName: randomUUID() })
      await assert.rejects(nowhere, RoleNotAssignableError)
    })

    test('an assigned role cannot be deleted, and keeps the scopes of its assignments', async (t) => {
      const opened = await open(t)
      const { role } = await put(opened, definition())
      const given = await opened.assign(alice, role.roleName, testScopes.resourceGroup)
      await assert.rejects(remove(opened, role.name), RoleInUseError)
      const narrower = definition({ name: role.name, assignableScopes: [testScopes.registry] })
      await assert.rejects(put(opened, narrower), RoleInUseError)
      await put(opened, { ...narrower, assignableScopes: [testScopes.subscription] })
      await opened.database.transaction((transaction) =>
        opened.access.deleteAssignment(transaction, given.scope, given.name),
      )
      await put(opened, narrower)
      assert.equal((await remove(opened, role.name.toUpperCase()))?.name, role.name)
      assert.equal(await remove(opened, role.name), undefined)
      assert.equal(await opened.access.findRoleDefinition(role.name), undefined)
    })
  })
}
