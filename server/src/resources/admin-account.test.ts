import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../testing/platform/test-database.ts'
import { adminPasswordNames } from './admin-account.ts'
import { createResourcesStore } from './resources-store.ts'
import { type TestResources, openTestResources } from '../../testing/resources/test-resources.ts'
import type { AdminPasswordName, Registry } from './model.ts'

for (const kind of testDatabaseKinds) {
  const open = async (t: TestContext): Promise<TestResources & { registry: Registry }> => {
    const opened = await openTestResources(kind)
    t.after(() => opened.dispose())
    return { ...opened, registry: await opened.create('contoso') }
  }
  const renew = ({ database, resources }: TestResources, registry: Registry, name: AdminPasswordName) =>
    database.transaction((transaction) => resources.renewAdminPassword(transaction, registry.rid, name))

  describe(`the admin account, on ${kind}`, () => {
    test('a registry has two different passwords in the format that secret scanners detect', async (t) => {
      const { passwordsOf, registry } = await open(t)
      const { password, password2 } = await passwordsOf(registry)
      for (const one of [password, password2]) assert.match(one, /^[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5}$/)
      assert.notEqual(password, password2)
    })

    test('each password is verified with its name, and nothing else is', async (t) => {
      const { resources, passwordsOf, registry } = await open(t)
      const passwords = await passwordsOf(registry)
      for (const name of adminPasswordNames) {
        assert.deepEqual(await resources.verifyAdminPassword(registry.rid, passwords[name]), { name, generation: 1 })
      }
      const { password } = passwords
      for (const wrong of ['', password.slice(1), `${password}x`, password.toLowerCase(), `${password}\0`]) {
        assert.equal(await resources.verifyAdminPassword(registry.rid, wrong), undefined)
      }
    })

    test('the passwords of one registry are invalid at another', async (t) => {
      const { resources, create, passwordsOf, registry } = await open(t)
      const other = await create('fabrikam')
      const { password } = await passwordsOf(registry)
      assert.equal(await resources.verifyAdminPassword(other.rid, password), undefined)
      assert.equal(await resources.verifyAdminPassword('f'.repeat(32), password), undefined)
    })

    for (const name of adminPasswordNames) {
      test(`renewing ${name} invalidates it and its credentials, and not the other one`, async (t) => {
        const opened = await open(t)
        const { resources, passwordsOf, registry } = opened
        const other = name === 'password' ? 'password2' : 'password'
        const before = await passwordsOf(registry)
        await renew(opened, registry, name)
        const after = await passwordsOf(registry)
        assert.notEqual(after[name], before[name])
        assert.equal(after[other], before[other])
        assert.equal(await resources.verifyAdminPassword(registry.rid, before[name]), undefined)
        assert.deepEqual(await resources.verifyAdminPassword(registry.rid, after[name]), { name, generation: 2 })
        assert.equal(await resources.adminPasswordStands(registry.rid, { name, generation: 1 }), false)
        assert.equal(await resources.adminPasswordStands(registry.rid, { name, generation: 2 }), true)
        assert.equal(await resources.adminPasswordStands(registry.rid, { name: other, generation: 1 }), true)
      })
    }

    test('a credential is invalid after its registry is deleted, and at a new one with its name', async (t) => {
      const { resources, create, remove, registry } = await open(t)
      const version = { name: 'password', generation: 1 } as const
      assert.equal(await resources.adminPasswordStands(registry.rid, version), true)
      await remove(registry)
      assert.equal(await resources.adminPasswordStands(registry.rid, version), false)
      await create('contoso')
      assert.equal(await resources.adminPasswordStands(registry.rid, version), false)
    })

    test('the database contains no password in plain text, and no sealed password can be moved to another row', async (t) => {
      const { database, resources, create, passwordsOf, registry } = await open(t)
      const passwords = await passwordsOf(registry)
      const rows = await createResourcesStore(database).adminPasswords(registry.rid)
      assert.equal(rows.length, 2)
      for (const { sealed, hash } of rows) {
        for (const password of Object.values(passwords)) {
          for (const bytes of [sealed, hash]) {
            assert.equal(Buffer.from(bytes).includes(password.slice(0, 12)), false)
            assert.equal(Buffer.from(bytes).includes(Buffer.from(password, 'base64').subarray(0, 9)), false)
          }
        }
      }
      const other = await create('fabrikam')
      const [row] = rows
      assert.ok(row !== undefined)
      await database.transaction(async (transaction) => {
        await createResourcesStore(database).renewAdminPassword(transaction, { ...row, rid: other.rid })
      })
      await assert.rejects(resources.readAdminPasswords(other.rid), /altered, or belongs to another/)
    })
  })
}
