import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import {
  type TestResources,
  openTestResources,
  testAuthor,
  testSubscriptionId,
} from '../../testing/resources/test-resources.ts'
import { NameTakenError } from './errors.ts'

const subscription = testSubscriptionId

for (const kind of testDatabaseKinds) {
  const open = async (t: TestContext): Promise<TestResources> => {
    const opened = await openTestResources(kind)
    t.after(() => opened.dispose())
    return opened
  }

  describe(`the ARM tree, on ${kind}`, () => {
    test('a subscription is found by its id, case-insensitively', async (t) => {
      const { resources } = await open(t)
      const found = await resources.findSubscription(subscription.toUpperCase())
      assert.equal(found?.subscriptionId, subscription)
      assert.deepEqual(await resources.listSubscriptions(), [found])
      assert.equal(await resources.findSubscription('10000000-0000-4000-8000-000000000002'), undefined)
    })

    test('a group is found case-insensitively, and keeps the case and location of its creation', async (t) => {
      const { resources, database } = await open(t)
      const again = { subscriptionId: subscription, name: 'DEFAULT', location: 'elsewhere', tags: { team: 'a' } }
      const put = await database.transaction((transaction) => resources.putResourceGroup(transaction, again))
      const expected = { subscriptionId: subscription, name: 'Default', location: 'local', tags: { team: 'a' } }
      assert.deepEqual(put, { group: expected, created: false })
      assert.deepEqual(await resources.findResourceGroup(subscription.toUpperCase(), 'default'), expected)
      assert.deepEqual(await resources.listResourceGroups(subscription), [expected])
    })

    test('a new registry has no admin account, no anonymous pull, and Azure’s defaults', async (t) => {
      const { resources, create, time } = await open(t)
      const registry = await create('Contoso')
      assert.match(registry.rid, /^[0-9a-f]{32}$/)
      assert.deepEqual(registry, {
        rid: registry.rid,
        id: `/subscriptions/${subscription}/resourceGroups/Default/providers/Microsoft.ContainerRegistry/registries/Contoso`,
        subscriptionId: subscription,
        resourceGroup: 'Default',
        name: 'Contoso',
        loginServer: 'contoso.azurecr.example:5443',
        location: 'local',
        sku: 'Premium',
        tags: {},
        adminUserEnabled: false,
        anonymousPullEnabled: false,
        roleAssignmentMode: 'LegacyRegistryPermissions',
        tokenGeneration: 0,
        publicNetworkAccess: 'Enabled',
        networkRuleSet: { defaultAction: 'Allow', ipRules: [] },
        networkRuleBypassOptions: 'AzureServices',
        compatibility: 'oci',
        ownCompatibility: null,
        workloadTokenAudiences: [],
        dataEndpointEnabled: false,
        zoneRedundancy: 'Disabled',
        policies: {
          quarantinePolicy: { status: 'disabled' },
          trustPolicy: { type: 'Notary', status: 'disabled' },
          retentionPolicy: { days: 7, lastUpdatedAtMs: time.nowMs, status: 'disabled', enabledAtMs: time.nowMs },
          exportPolicy: { status: 'enabled' },
          azureADAuthenticationAsArmPolicy: { status: 'enabled' },
          softDeletePolicy: { retentionDays: 7, lastUpdatedAtMs: time.nowMs, status: 'disabled' },
        },
        createdAtMs: time.nowMs,
        createdBy: testAuthor,
        changedAtMs: time.nowMs,
        changedBy: testAuthor,
      })
      assert.deepEqual(await resources.findRegistryByRid(registry.rid), registry)
    })

    test('the default port of the scheme can be included or omitted [RFC 9110 §4.2.3]', async (t) => {
      const { resources, create } = await open(t)
      const bare = await create('Contoso', { loginServer: 'registry.example' as LoginServer })
      const written = await create('Fabrikam', { loginServer: 'other.example:443' as LoginServer })
      const address = await create('Adatum', { loginServer: '[2001:db8::1]' as LoginServer })
      const ridOf = async (host: string) => (await resources.findRegistryByHost(host))?.rid
      for (const host of ['registry.example', 'Registry.Example:443']) assert.equal(await ridOf(host), bare.rid, host)
      for (const host of ['other.example:443', 'other.example']) assert.equal(await ridOf(host), written.rid, host)
      for (const host of ['[2001:db8::1]', '[2001:db8::1]:443']) assert.equal(await ridOf(host), address.rid, host)
      for (const host of ['registry.example:80', 'registry.example:4430', 'registry.example:444', 'other.example:80']) {
        assert.equal(await ridOf(host), undefined, host)
      }
      const { loginServer } = (await resources.findRegistryByName('Fabrikam')) ?? {}
      assert.equal(loginServer, 'other.example', 'clients that are told the port leave it out, and compare')
    })

    test('a registry is found by name and host, case-insensitively, and only in its group', async (t) => {
      const { resources, create } = await open(t)
      const registry = await create('Contoso')
      assert.deepEqual(await resources.findRegistry(subscription.toUpperCase(), 'DEFAULT', 'CONTOSO'), registry)
      assert.deepEqual(await resources.findRegistryByName('cONTOSO'), registry)
      assert.deepEqual(await resources.findRegistryByHost('CONTOSO.azurecr.example:5443'), registry)
      assert.deepEqual(await resources.findRegistryByHost('contoso.azurecr.example:5443'), registry)
      assert.equal(await resources.findRegistry(subscription, 'other', 'Contoso'), undefined)
      assert.equal(
        await resources.findRegistry('10000000-0000-4000-8000-000000000002', 'Default', 'Contoso'),
        undefined,
      )
      for (const host of ['contoso.azurecr.example', 'contoso.azurecr.example:5444', 'evil.example', 'a b', '']) {
        assert.equal(await resources.findRegistryByHost(host), undefined, host)
      }
      assert.equal(await resources.findRegistryByHost(undefined), undefined)
    })

    test('lists are sorted by name, and limited to their group and subscription', async (t) => {
      const { resources, database, create } = await open(t)
      const group = { subscriptionId: subscription, name: 'second', location: 'local', tags: {} }
      await database.transaction((transaction) => resources.putResourceGroup(transaction, group))
      for (const name of ['zulu0', 'Alpha', 'mike0']) await create(name)
      await create('bravo', { resourceGroup: 'second' })
      const names = async (...where: [string, string?]) =>
        (await resources.listRegistries(...where)).map(({ name }) => name)
      assert.deepEqual(await names(subscription), ['Alpha', 'bravo', 'mike0', 'zulu0'])
      assert.deepEqual(await names(subscription, 'DEFAULT'), ['Alpha', 'mike0', 'zulu0'])
      assert.deepEqual(await names('10000000-0000-4000-8000-000000000002'), [])
    })

    test('a taken name is rejected in any case and any group, and the attempt leaves nothing', async (t) => {
      const { resources, database, create } = await open(t)
      const group = { subscriptionId: subscription, name: 'second', location: 'local', tags: {} }
      await database.transaction((transaction) => resources.putResourceGroup(transaction, group))
      const registry = await create('Contoso')
      await assert.rejects(create('CONTOSO', { resourceGroup: 'second' }), NameTakenError)
      assert.deepEqual(await resources.listRegistries(subscription), [registry])
    })

    test('a taken login server is rejected with any name', async (t) => {
      const { create } = await open(t)
      await create('first', { loginServer: 'second.azurecr.example:5443' as LoginServer })
      await assert.rejects(create('second'), NameTakenError)
    })

    test('of two concurrent creations with one name, one succeeds', async (t) => {
      const { resources, create } = await open(t)
      const outcomes = await Promise.allSettled([create('Contoso'), create('contoso'), create('CONTOSO')])
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
      assert.equal((await resources.listRegistries(subscription)).length, 1)
    })

    test('a registry that is deleted and created again has another rid and other passwords', async (t) => {
      const { resources, create, remove, passwordsOf } = await open(t)
      const before = await create('Contoso')
      const passwords = await passwordsOf(before)
      await remove(before)
      assert.equal(await resources.findRegistryByRid(before.rid), undefined)
      assert.equal(await resources.findRegistryByHost(before.loginServer), undefined)
      assert.equal(await resources.readAdminPasswords(before.rid), undefined)
      const after = await create('Contoso')
      assert.notEqual(after.rid, before.rid)
      assert.equal(await resources.verifyAdminPassword(after.rid, passwords.password), undefined)
      assert.equal(await resources.verifyAdminPassword(before.rid, passwords.password), undefined)
    })

    test('a change keeps omitted settings and the creator, and updates the last author', async (t) => {
      const { resources, create, update, time } = await open(t)
      const before = await create('Contoso', { change: { tags: { team: 'a' }, sku: 'Basic' } })
      time.nowMs += 1000
      const after = await update(before, { adminUserEnabled: true })
      assert.deepEqual(after, { ...before, adminUserEnabled: true, changedAtMs: time.nowMs })
      assert.deepEqual(await resources.findRegistryByName('contoso'), after)
    })

    test('a cached host is looked up again after a change', async (t) => {
      const { resources, create, update } = await open(t)
      const registry = await create('Contoso')
      assert.equal((await resources.findRegistryByHost(registry.loginServer))?.anonymousPullEnabled, false)
      await update(registry, { anonymousPullEnabled: true })
      assert.equal((await resources.findRegistryByHost(registry.loginServer))?.anonymousPullEnabled, true)
    })

    test('a transaction sees its changes, which others see after the commit', async (t) => {
      const { resources, database, create } = await open(t)
      const registry = await create('Contoso')
      const fromOutside = AsyncLocalStorage.snapshot()
      await database.transaction(async (transaction) => {
        await resources.deleteResourceGroup(transaction, subscription, 'Default')
        assert.equal(await resources.findRegistry(subscription, 'Default', 'Contoso', transaction), undefined)
        assert.equal(await resources.findResourceGroup(subscription, 'Default', transaction), undefined)
        const seen = await fromOutside(() => resources.findRegistry(subscription, 'Default', 'Contoso'))
        assert.deepEqual(seen, registry)
      })
      assert.equal(await resources.findResourceGroup(subscription, 'Default'), undefined)
    })

    test('a group is deleted with its registries and no others', async (t) => {
      const { resources, database, create } = await open(t)
      const group = { subscriptionId: subscription, name: 'second', location: 'local', tags: {} }
      await database.transaction((transaction) => resources.putResourceGroup(transaction, group))
      const gone = [await create('alpha'), await create('bravo')]
      const kept = await create('charlie', { resourceGroup: 'second' })
      const deleted = await database.transaction((transaction) =>
        resources.deleteResourceGroup(transaction, subscription, 'DEFAULT'),
      )
      assert.deepEqual(deleted, gone)
      assert.deepEqual(await resources.listRegistries(subscription), [kept])
      assert.deepEqual(await resources.listResourceGroups(subscription), [group])
    })

    test('registries move to the hosts of the settings, even to the previous host of another, and keep their identity', async (t) => {
      const { resources, database, create } = await open(t)
      const first = await create('Contoso', { loginServer: 'fabrikam.azurecr.example:5443' as LoginServer })
      const kept = await create('Adatum')
      const move = (host: string) =>
        database.transaction((transaction) => resources.moveRegistries(transaction, host as LoginServer))
      const before = await database.authorityRevision()
      assert.deepEqual(await move('registry.example'), [{ before: first, loginServer: 'registry.example' }])
      assert.ok((await database.authorityRevision()) > before)
      assert.deepEqual(await resources.findRegistryByHost('registry.example'), {
        ...first,
        loginServer: 'registry.example',
      })
      assert.equal(await resources.findRegistryByHost('fabrikam.azurecr.example:5443'), undefined)
      const second = await create('Fabrikam')
      assert.deepEqual(await move('registry.example'), [])
      await assert.rejects(move(second.loginServer), NameTakenError)
      assert.deepEqual(await resources.findRegistryByHost(second.loginServer), second)
      assert.deepEqual(await resources.findRegistryByHost(kept.loginServer), kept)
    })

    test('every change of a registry or its passwords moves the revision of authority', async (t) => {
      const { resources, database, create, update, remove } = await open(t)
      let before = await database.authorityRevision()
      const moves = async (what: string, work: Promise<unknown>) => {
        await work
        const after = await database.authorityRevision()
        assert.ok(after > before, what)
        before = after
      }
      const registry = await create('Contoso')
      await moves('making one', create('fabrikam'))
      await moves('changing one', update(registry, { adminUserEnabled: true }))
      await moves(
        'renewing a password',
        database.transaction((transaction) => resources.renewAdminPassword(transaction, registry.rid, 'password')),
      )
      await moves('deleting one', remove(registry))
      await moves(
        'deleting a group',
        database.transaction((transaction) => resources.deleteResourceGroup(transaction, subscription, 'Default')),
      )
    })
  })
}
