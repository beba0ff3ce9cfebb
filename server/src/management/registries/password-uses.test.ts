import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  at,
  codeOf,
  each,
  newRegistry,
  openTestManagement,
  registryPath,
  roleGuids,
} from '../../../testing/management/test-management.ts'

test('the last use of each password of scoped tokens is listed, with a permission of its own', async (t) => {
  const { access, arm, close, credentialUses, principalWith, resources, time } = await openTestManagement()
  t.after(close)
  const registry = registryPath('Contoso')
  const uses = `${registry}/providers/Acrux.Server/passwordUses`
  await arm('PUT', registry, newRegistry())
  await arm('PUT', `${registry}/scopeMaps/readers`, { properties: { actions: ['repositories/app/content/read'] } })
  for (const name of ['Device', 'unused']) {
    await arm('PUT', `${registry}/tokens/${name}`, { properties: { scopeMapId: `${registry}/scopeMaps/readers` } })
  }
  const tokenId = `${registry}/tokens/device`
  const password2 = { tokenId, name: 'password2', expiry: '2027-01-02T03:04:05Z' }
  await arm('POST', `${registry}/generateCredentials`, { tokenId, name: 'password1' })
  await arm('POST', `${registry}/generateCredentials`, password2)

  const createdAt = new Date(time.nowMs).toISOString()
  const expected = {
    type: 'Acrux.Server/passwordUses',
    id: `${uses}/Device`,
    name: 'Device',
    properties: {
      passwords: [
        { name: 'password1', createdAt },
        { name: 'password2', createdAt, expiresAt: '2027-01-02T03:04:05.000Z' },
      ],
    },
  }
  assert.deepEqual((await arm('GET', `${uses}/device`)).body, expected)

  const rid = (await resources.findRegistryByName('Contoso'))?.rid ?? ''
  const [first] = (await access.scopedTokens.find(rid, 'device'))?.passwords ?? []
  assert.ok(first)
  time.nowMs += 1000
  credentialUses.note({ kind: 'scoped-token', id: 'Contoso/Device' }, { kind: 'scoped-token-password', id: first.id })
  await credentialUses.flush()
  const listed = await arm('GET', uses)
  assert.deepEqual(each(listed, 'name'), ['Device', 'unused'])
  const passwords = at(listed.body, 'value', 0, 'properties', 'passwords')
  assert.deepEqual(
    [at(passwords, 0, 'lastUsedAt'), at(passwords, 1, 'lastUsedAt')],
    [new Date(time.nowMs).toISOString(), undefined],
  )

  const missing = await arm('GET', `${uses}/nosuch`)
  assert.deepEqual([missing.status, codeOf(missing)], [404, 'ResourceNotFound'])
  const { token } = await principalWith(roleGuids.acrPush, registry)
  assert.equal((await arm('GET', uses, undefined, { token })).status, 403)
  const reader = await principalWith(roleGuids.reader, registry)
  assert.equal((await arm('GET', uses, undefined, { token: reader.token })).status, 200)
})

test('the last use of each password of the admin account is shown, with a permission of its own', async (t) => {
  const { arm, close, credentialUses, principalWith, time } = await openTestManagement()
  t.after(close)
  const registry = registryPath('Contoso')
  const uses = `${registry}/providers/Acrux.Server/adminPasswordUses/default`
  await arm('PUT', registry, newRegistry({ adminUserEnabled: true }))
  const passwords = async () => at((await arm('GET', uses)).body, 'properties', 'passwords')
  assert.deepEqual(await passwords(), [{ name: 'password' }, { name: 'password2' }])
  credentialUses.note({ kind: 'admin', id: 'Contoso' }, { kind: 'admin-password', id: 'password2' })
  await credentialUses.flush()
  const lastUsedAt = new Date(time.nowMs).toISOString()
  assert.deepEqual(await passwords(), [{ name: 'password' }, { name: 'password2', lastUsedAt }])
  const { token } = await principalWith(roleGuids.acrPush, registry)
  assert.equal((await arm('GET', uses, undefined, { token })).status, 403)
})
