import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { usualDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  type TestAccess,
  hasRoleAt,
  openTestAccessFor,
  principalOf,
  testRegistry,
  testScopes,
} from '../../../testing/authorization/test-access.ts'
import type { Principal, RegistryInQuestion } from '../rights/model.ts'

const alice = 'a11ce000-0000-4000-8000-000000000001'
const team = '7ea30000-0000-4000-8000-000000000003'
const reader = 'Container Registry Repository Reader'
const writer = 'Container Registry Repository Writer'
const name = '@Request[Microsoft.ContainerRegistry/registries/repositories:name]'
const content = 'Microsoft.ContainerRegistry/registries/repositories/content'
const abac = testRegistry({ roleAssignmentMode: 'AbacRepositoryPermissions' })

/** A condition on reading content, in the form of Azure's portal. */
const readsOnly = (expression: string) => `((!(ActionMatches{'${content}/read'})) OR (${expression}))`
const with2 = (condition: string) => ({ condition, conditionVersion: '2.0' })

/** The principal and the registry of a decision, if they differ from the default. */
type Circumstances = { readonly principal?: Principal; readonly registry?: RegistryInQuestion }

for (const kind of usualDatabaseKinds) {
  describe(`conditions, on ${kind}`, () => {
    const open = (t: TestContext) => openTestAccessFor(t, kind)
    const may = async (
      { access }: TestAccess,
      action: string,
      repository: string,
      { principal = principalOf(alice), registry = abac }: Circumstances = {},
    ) => {
      const asked = [{ type: 'repository', name: repository, actions: [action] }]
      return (await access.allowedAccess(principal, registry, asked)).length > 0
    }

    test('in ABAC mode, a condition decides per repository, only for the actions that it names', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, writer, testScopes.registry, with2(readsOnly(`${name} StringStartsWith 'backend/'`)))
      assert.equal(await may(opened, 'pull', 'backend/api'), true)
      assert.equal(await may(opened, 'pull', 'backend-infra'), false)
      assert.equal(await may(opened, 'pull', 'frontend'), false)
      assert.equal(await may(opened, 'push', 'frontend'), true, 'writing is not named')
      assert.equal(await may(opened, 'delete', 'backend/api'), false, 'a condition adds nothing to a role')
      const asked = ['backend/api', 'frontend'].map((one) => ({ type: 'repository', name: one, actions: ['*'] }))
      assert.deepEqual(await opened.access.allowedAccess(principalOf(alice), abac, asked), [
        {
          type: 'repository',
          name: 'backend/api',
          actions: ['deleted_read', 'deleted_restore', 'metadata_read', 'metadata_write', 'pull', 'push'],
        },
        {
          type: 'repository',
          name: 'frontend',
          actions: ['deleted_restore', 'metadata_read', 'metadata_write', 'push'],
        },
      ])
    })

    test('one of several assignments suffices, with or without a condition', async (t) => {
      const opened = await open(t)
      await opened.assign(alice, reader, testScopes.registry, with2(`${name} StringEquals 'a'`))
      await opened.assign(alice, reader, testScopes.resourceGroup, with2(`${name} StringLike 'b?'`))
      await opened.assign(team, reader, testScopes.registry, with2(`${name} StringNotEquals 'd'`))
      assert.equal(await may(opened, 'pull', 'a'), true)
      assert.equal(await may(opened, 'pull', 'b1'), true)
      assert.equal(await may(opened, 'pull', 'c'), false)
      assert.equal(await may(opened, 'pull', 'c', { principal: principalOf(alice, [team]) }), true, 'by the group')
      assert.equal(await may(opened, 'pull', 'd', { principal: principalOf(alice, [team]) }), false)
      await opened.assign(alice, reader, testScopes.subscription)
      assert.equal(await may(opened, 'pull', 'd'), true, 'without a condition')
    })

    test('in legacy mode, a condition on the name of a repository is never met', async (t) => {
      const opened = await open(t)
      const legacy = testRegistry()
      const pulls = () => may(opened, 'pull', 'a', { registry: legacy })
      await opened.assign(alice, 'AcrPull', testScopes.registry, with2(`${name} StringEquals 'a'`))
      await opened.assign(alice, 'AcrPush', testScopes.registry, with2(`${name} StringNotEquals 'b'`))
      assert.equal(await pulls(), false)
      await opened.assign(alice, 'AcrPull', testScopes.resourceGroup, with2(readsOnly(`${name} StringEquals 'b'`)))
      assert.equal(await pulls(), true, 'a condition on other actions does not limit this one')
    })

    test('a condition on an unknown attribute grants nothing, even negated', async (t) => {
      const opened = await open(t)
      const unknown = '@Resource[Microsoft.Storage/storageAccounts:name]'
      await opened.assign(alice, writer, testScopes.registry, with2(`!(${unknown} StringEquals 'x')`))
      assert.equal(await may(opened, 'pull', 'a'), false)
      assert.equal(
        await hasRoleAt(opened.access, principalOf(alice), abac.id),
        true,
        'it is an assignment all the same',
      )
    })

    test('a condition limits management actions too', async (t) => {
      const opened = await open(t)
      const allButCredentials = "!(ActionMatches{'Microsoft.ContainerRegistry/registries/listCredentials/action'})"
      await opened.assign(alice, 'Owner', testScopes.resourceGroup, with2(allButCredentials))
      const manages = (action: string) =>
        opened.access.mayManage(principalOf(alice), `Microsoft.ContainerRegistry/registries/${action}`, abac.id)
      assert.equal(await manages('write'), true)
      assert.equal(await manages('listCredentials/action'), false)
      const scopes = (action: string) =>
        opened.access.scopesAllowing(principalOf(alice), `Microsoft.ContainerRegistry/registries/${action}`)
      assert.equal((await scopes('read')).length, 1)
      assert.deepEqual(await scopes('listCredentials/action'), [])
    })

    test('a changed condition applies to the next decision, and moves the revision of authority', async (t) => {
      const opened = await open(t)
      const { access, database, nowMs } = opened
      const made = await opened.assign(alice, reader, testScopes.registry, with2(`${name} StringEquals 'a'`))
      assert.equal(await may(opened, 'pull', 'a'), true)
      const before = await database.authorityRevision()
      const change = { ...with2(`${name} StringEquals 'b'`), description: 'moved', updatedBy: 'somebody' }
      const change2 = (scope: string, assignment: string) =>
        database.transaction((transaction) => access.updateAssignment(transaction, scope, assignment, change))
      assert.equal(await change2(testScopes.resourceGroup, made.name), undefined)
      const changed = await change2(testScopes.registry.toUpperCase(), made.name.toUpperCase())
      assert.deepEqual(changed, { ...made, ...change, updatedAtMs: nowMs })
      assert.deepEqual(await access.findAssignment(testScopes.registry, made.name), changed)
      assert.ok((await database.authorityRevision()) > before)
      assert.equal(await may(opened, 'pull', 'a'), false)
      assert.equal(await may(opened, 'pull', 'b'), true)
    })

    test('an owner with a condition does not count as an owner', async (t) => {
      const { access, assign, database } = await open(t)
      await assign(alice, 'Owner', testScopes.subscription, with2(`${name} StringEquals 'a'`))
      const owner = await access.findRoleDefinition('Owner')
      const count = await database.transaction((transaction) =>
        access.countAssignments(transaction, testScopes.subscription, owner?.name ?? ''),
      )
      assert.equal(count, 0)
    })

    test('many conditions are evaluated like one condition', async (t) => {
      const opened = await open(t)
      const groups = Array.from({ length: 300 }, (_, index) => `group-${index}`)
      for (const [index, id] of groups.entries()) {
        const expressions = [
          `${name} StringEqualsIgnoreCase 'App-${index}'`,
          `${name} StringStartsWithIgnoreCase 'Dir-${index}/'`,
          `${name} StringLike 'like-${index}-*-end'`,
          `!(${name} StringNotLike '*-${index}-any')`,
        ]
        const expression = expressions[index % 4] ?? ''
        await opened.assign(id, reader, testScopes.registry, { ...with2(expression), principalType: 'Group' })
      }
      const principal = principalOf(alice, groups)
      const pulls = (repository: string) => may(opened, 'pull', repository, { principal })
      for (const repository of [
        'app-0',
        'app-296',
        'dir-1/x',
        'dir-297/y',
        'like-2-x-end',
        'like-298-y-end',
        'x-3-any',
      ]) {
        assert.equal(await pulls(repository), true, repository)
        assert.equal(await pulls(repository), true, `${repository}, again`)
      }
      for (const repository of ['app-1', 'app-0x', 'dir-1', 'dir-11/x', 'like-2-x', 'x-4-any', 'x']) {
        assert.equal(await pulls(repository), false, repository)
      }
      assert.equal(await pulls('dir-297/y'), true)
      assert.equal(
        await may(opened, 'pull', 'app-0', { principal: principalOf(alice, groups.slice(1)) }),
        false,
        'without the group',
      )
      assert.equal(await may(opened, 'pull', 'app-0', { principal }), true)
    })
  })
}
