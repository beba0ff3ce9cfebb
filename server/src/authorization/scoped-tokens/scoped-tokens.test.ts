import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { sql } from 'kysely'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import {
  hasRoleAt,
  type TestAccess,
  openTestAccessFor,
  otherRid,
  putScopeMap,
  repositoryActions,
  testAuthor,
  testRegistry,
} from '../../../testing/authorization/test-access.ts'
import { ScopeMapInUseError } from '../scope-maps/errors.ts'
import type { ScopedToken, ScopedTokenPasswordName } from './scoped-tokens.ts'

const { rid } = testRegistry()
const bob = { name: 'b0b00000-0000-4000-8000-000000000002', kind: 'Application' } as const

for (const kind of testDatabaseKinds) {
  const open = (t: TestContext) => openTestAccessFor(t, kind)
  const putToken = async (
    { database, access }: TestAccess,
    name: string,
    scopeMapName: string,
    { enabled = true, by = rid } = {},
  ): Promise<ScopedToken> => {
    const token = { name, scopeMapName, scopeMapId: `/maps/${scopeMapName}`, enabled }
    const { token: made } = await database.transaction((transaction) =>
      access.scopedTokens.put(transaction, by, token, testAuthor),
    )
    return made
  }
  const generate = (
    { database, access }: TestAccess,
    token: ScopedToken,
    names: readonly ScopedTokenPasswordName[],
    expiresAtMs?: number,
  ) =>
    database.transaction((transaction) => access.scopedTokens.generatePasswords(transaction, token, names, expiresAtMs))
  /** A token with one password. */
  const signedIn = async (opened: TestAccess, name: string, scopeMapName: string) => {
    const token = await putToken(opened, name, scopeMapName)
    const [password] = await generate(opened, token, ['password1'])
    assert.ok(password)
    const verified = await opened.access.verifyScopedTokenPassword(rid, name, password.value)
    assert.ok(verified)
    return { token, password: password.value, passwordId: verified.passwordId }
  }
  const allowed = async (
    { access }: TestAccess,
    tokenId: string,
    asked: readonly AccessScope[],
    registry = testRegistry(),
  ) => access.allowedAccess({ kind: 'scoped-token', rid, tokenId }, registry, asked)
  const on = (name: string): AccessScope => ({ type: 'repository', name, actions: repositoryActions })

  describe(`scope maps, on ${kind}`, () => {
    test('are the five system-defined scope maps and the user-defined scope maps, by name', async (t) => {
      const opened = await open(t)
      const { access } = opened
      await putScopeMap(opened, 'writers', ['repositories/app/content/write'])
      await putScopeMap(opened, 'Readers', ['repositories/app/content/read'])
      await putScopeMap(opened, 'elsewhere', [], otherRid)
      const maps = await access.scopeMaps.list(rid)
      assert.deepEqual(
        maps.map(({ name }) => name),
        [
          '_repositories_admin',
          '_repositories_pull',
          '_repositories_pull_metadata_read',
          '_repositories_push',
          '_repositories_push_metadata_write',
          'Readers',
          'writers',
        ],
      )
      assert.equal(await access.scopeMaps.count(rid), 2)
      assert.equal((await access.scopeMaps.find(rid, 'READERS'))?.name, 'Readers')
      assert.equal((await access.scopeMaps.find(rid, '_Repositories_Pull'))?.kind, 'SystemDefined')
      assert.equal(await access.scopeMaps.find(otherRid, 'readers'), undefined)
    })

    test('record the principals that created and changed them, and the times', async (t) => {
      const opened = await open(t)
      const { access, database, nowMs } = opened
      assert.equal((await putScopeMap(opened, 'readers', ['repositories/app/content/read'])).created, true)
      const again = await database.transaction((transaction) =>
        access.scopeMaps.put(transaction, rid, { name: 'READERS', description: 'd', actions: ['x'] }, bob),
      )
      assert.equal(again.created, false)
      const expected = {
        kind: 'UserDefined',
        name: 'readers',
        description: 'd',
        actions: ['x'],
        authorship: { createdAtMs: nowMs, createdBy: testAuthor, changedAtMs: nowMs, changedBy: bob },
      }
      assert.deepEqual(again.map, expected)
      assert.deepEqual(await access.scopeMaps.find(rid, 'readers'), expected)
    })

    test('cannot be deleted while a token uses them', async (t) => {
      const opened = await open(t)
      const { access, database } = opened
      await putScopeMap(opened, 'readers', [])
      await putToken(opened, 'nightly', 'Readers')
      await putToken(opened, 'elsewhere', 'readers', { by: otherRid })
      const remove = () => database.transaction((transaction) => access.scopeMaps.delete(transaction, rid, 'READERS'))
      await assert.rejects(remove, (error) => {
        assert.ok(error instanceof ScopeMapInUseError)
        assert.deepEqual(error.users, ['nightly'])
        return true
      })
      assert.ok(await access.scopeMaps.find(rid, 'readers'))
      await putToken(opened, 'nightly', '_repositories_pull')
      assert.equal(await remove(), true)
      assert.equal(await remove(), false)
    })
  })

  describe(`scoped tokens, on ${kind}`, () => {
    test('may do what their scope map allows per repository, and never list the catalog', async (t) => {
      const opened = await open(t)
      await putScopeMap(opened, 'mixed', [
        'repositories/team/app/content/read',
        'repositories/team/app/content/write',
        'repositories/team/*/metadata/read',
        'repositories/team/*/metadata/write',
        'repositories/old/content/delete',
        'gateway/edge1/config/read',
      ])
      const { id } = await putToken(opened, 'nightly', 'mixed')
      assert.deepEqual(await allowed(opened, id, [on('team/app'), on('team/other'), on('old'), on('none'), on('*')]), [
        { type: 'repository', name: 'team/app', actions: ['pull', 'push', 'metadata_read', 'metadata_write', 'untag'] },
        { type: 'repository', name: 'team/other', actions: ['metadata_read', 'metadata_write', 'untag'] },
        { type: 'repository', name: 'old', actions: ['delete'] },
      ])
      const star = { type: 'repository', name: 'team/app', actions: ['*'] }
      assert.deepEqual(await allowed(opened, id, [star]), [
        { ...star, actions: ['metadata_read', 'metadata_write', 'pull', 'push'] },
      ])
      for (const name of ['catalog', 'deleted_catalog']) {
        assert.deepEqual(await allowed(opened, id, [{ type: 'registry', name, actions: ['*'] }]), [])
      }
    })

    // prettier-ignore
    const systemRights: readonly (readonly [name: string, actions: readonly string[]])[] = [
      ['_repositories_admin',               ['pull', 'push', 'delete', 'metadata_read', 'metadata_write', 'untag']],
      ['_repositories_pull',                ['pull']],
      ['_repositories_pull_metadata_read',  ['pull', 'metadata_read']],
      ['_repositories_push',                ['pull', 'push']],
      ['_repositories_push_metadata_write', ['pull', 'push', 'metadata_read', 'metadata_write', 'untag']],
    ]
    for (const [name, actions] of systemRights) {
      test(`fault 35: may do what ${name} allows on every repository, and on * itself, in both modes`, async (t) => {
        const opened = await open(t)
        const { id } = await putToken(opened, 'nightly', name)
        for (const roleAssignmentMode of ['LegacyRegistryPermissions', 'AbacRepositoryPermissions'] as const) {
          const asked = [on('team/app'), on('*')]
          const registry = testRegistry({ roleAssignmentMode })
          assert.deepEqual(
            await allowed(opened, id, asked, registry),
            asked.map((scope) => ({ ...scope, actions })),
          )
        }
      })
    }

    test('have no rights at another registry, and none to manage', async (t) => {
      const opened = await open(t)
      const { id } = await putToken(opened, 'nightly', '_repositories_admin')
      const principal = { kind: 'scoped-token', rid, tokenId: id } as const
      const elsewhere = testRegistry({ rid: otherRid })
      assert.deepEqual(await allowed(opened, id, [on('team/app')], elsewhere), [])
      const asked = { right: 'pull', repository: 'team/app' }
      const explained = await opened.access.explain(principal, elsewhere, asked)
      assert.deepEqual(
        [explained.allowed, explained.firstFailure, explained.scopeMap],
        [false, 'another-registry', undefined],
      )
      assert.equal(
        (await opened.access.explain(principal, testRegistry(), asked)).scopeMap?.name,
        '_repositories_admin',
      )
      assert.deepEqual(await allowed(opened, 'f'.repeat(32), [on('team/app')]), [])
      const { id: registryId } = testRegistry()
      assert.equal(await hasRoleAt(opened.access, principal, registryId), false)
      assert.equal(
        await opened.access.mayManage(principal, 'Microsoft.ContainerRegistry/registries/read', registryId),
        false,
      )
      assert.deepEqual(await opened.access.scopesAllowing(principal, '*'), [])
    })

    test('lose at once the rights that a change or a replacement of their scope map removes', async (t) => {
      const opened = await open(t)
      await putScopeMap(opened, 'readers', [
        'repositories/team/app/content/read',
        'repositories/team/app/content/write',
      ])
      const { id } = await putToken(opened, 'nightly', 'readers')
      const actions = async () => (await allowed(opened, id, [on('team/app')])).flatMap((scope) => scope.actions)
      assert.deepEqual(await actions(), ['pull', 'push'])
      await putScopeMap(opened, 'READERS', ['repositories/team/app/content/read'])
      assert.deepEqual(await actions(), ['pull'])
      await putToken(opened, 'nightly', '_repositories_pull_metadata_read')
      assert.deepEqual(await actions(), ['pull', 'metadata_read'])
    })

    test('sign in with either password and their name, case-insensitively, and with nothing else', async (t) => {
      const opened = await open(t)
      const { access } = opened
      const token = await putToken(opened, 'Nightly', '_repositories_pull')
      const other = await putToken(opened, 'other', '_repositories_pull')
      const made = await generate(opened, token, ['password1', 'password2'])
      const [others] = await generate(opened, other, ['password1'])
      assert.equal(new Set(made.map(({ value }) => value)).size, 2)
      for (const { value } of made) {
        assert.equal(value.length, 52)
        for (const name of ['Nightly', 'nightly', 'NIGHTLY']) {
          const verified = await access.verifyScopedTokenPassword(rid, name, value)
          assert.equal(verified?.name, 'Nightly')
          assert.equal(verified.passwordId.tokenId, token.id)
          assert.equal(verified.expiresAtMs, undefined)
          assert.equal(await access.scopedTokenStands(rid, verified.passwordId), true)
          assert.equal(await access.scopedTokenStands(otherRid, verified.passwordId), false)
        }
        const wrong: readonly (readonly [string, string, string])[] = [
          [rid, 'Nightly', ''],
          [rid, 'Nightly', `${value}x`],
          [rid, 'Nightly', value.slice(1)],
          [rid, 'Nightly', value.toLowerCase()],
          [rid, 'Nightly', others?.value ?? ''],
          [rid, 'Nightly', 'x'.repeat(100_000)],
          [rid, 'other', value],
          [rid, 'nobody', value],
          [rid, '', value],
          [rid, 'Nightly ', value],
          [rid, 'n'.repeat(100_000), value],
          [otherRid, 'Nightly', value],
          ['', 'Nightly', value],
        ]
        for (const [where, name, password] of wrong) {
          assert.equal(await access.verifyScopedTokenPassword(where, name, password), undefined, name.slice(0, 20))
        }
      }
    })

    test('store only the hash of a password', async (t) => {
      const opened = await open(t)
      const { password } = await signedIn(opened, 'nightly', '_repositories_pull')
      const rows = await opened.database
        .tables<{ scoped_token_password: { hash: Uint8Array } }>()
        .selectFrom('scoped_token_password')
        .selectAll()
        .execute()
      assert.equal(rows.length, 1)
      for (const value of rows.flatMap((row) => Object.values(row))) {
        const text = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
        assert.ok(!text.includes(password.slice(0, 20)))
      }
      assert.equal(rows[0]?.hash.length, 32)
    })

    test('show the id, name, creation and expiry of a password', async (t) => {
      const opened = await open(t)
      const token = await putToken(opened, 'nightly', '_repositories_pull')
      const [password] = await generate(opened, token, ['password2'], opened.nowMs + 1000)
      const { passwordId: id } =
        (await opened.access.verifyScopedTokenPassword(rid, 'nightly', password?.value ?? ''))?.passwordId ?? {}
      const expected = [{ id, name: 'password2', createdAtMs: opened.nowMs, expiresAtMs: opened.nowMs + 1000 }]
      assert.deepEqual((await opened.access.scopedTokens.find(rid, 'NIGHTLY'))?.passwords, expected)
      assert.deepEqual(
        (await opened.access.scopedTokens.list(rid)).map(({ passwords }) => passwords),
        [expected],
      )
    })

    test('are invalid with a renewed password, and stay valid with the other one', async (t) => {
      const opened = await open(t)
      const { access } = opened
      const { token, password, passwordId } = await signedIn(opened, 'nightly', '_repositories_pull')
      const [second] = await generate(opened, token, ['password2'])
      const other = await access.verifyScopedTokenPassword(rid, 'nightly', second?.value ?? '')
      assert.ok(other)
      assert.equal(await access.scopedTokenStands(rid, passwordId), true)
      const [renewed] = await generate(opened, token, ['password1'])
      assert.equal(await access.scopedTokenStands(rid, passwordId), false)
      assert.equal(await access.verifyScopedTokenPassword(rid, 'nightly', password), undefined)
      assert.ok(await access.verifyScopedTokenPassword(rid, 'nightly', renewed?.value ?? ''))
      assert.equal(await access.scopedTokenStands(rid, other.passwordId), true)
      const kept = await opened.database.transaction((transaction) =>
        access.scopedTokens.deletePasswords(transaction, token, ['password2']),
      )
      assert.equal(await access.scopedTokenStands(rid, other.passwordId), false)
      assert.deepEqual(kept.passwords, [])
    })

    test('are invalid while disabled, and valid again when enabled', async (t) => {
      const opened = await open(t)
      const { access } = opened
      const { password, passwordId } = await signedIn(opened, 'nightly', '_repositories_pull')
      await putToken(opened, 'nightly', '_repositories_pull', { enabled: false })
      assert.equal(await access.scopedTokenStands(rid, passwordId), false)
      assert.equal(await access.verifyScopedTokenPassword(rid, 'nightly', password), undefined)
      await putToken(opened, 'nightly', '_repositories_pull')
      assert.equal(await access.scopedTokenStands(rid, passwordId), true)
    })

    test('are valid until their password expires, to the millisecond', async (t) => {
      const opened = await open(t)
      const { access, nowMs } = opened
      const token = await putToken(opened, 'nightly', '_repositories_pull')
      const [password] = await generate(opened, token, ['password1'], nowMs + 1000)
      const verified = await access.verifyScopedTokenPassword(rid, 'nightly', password?.value ?? '')
      assert.equal(verified?.expiresAtMs, nowMs + 1000)
      opened.setNow(nowMs + 999)
      assert.equal(await access.scopedTokenStands(rid, verified.passwordId), true)
      opened.setNow(nowMs + 1000)
      assert.equal(await access.scopedTokenStands(rid, verified.passwordId), false)
      assert.equal(await access.verifyScopedTokenPassword(rid, 'nightly', password?.value ?? ''), undefined)
    })

    const fields: readonly (readonly [column: string, change: string])[] = [
      ['scoped_token.rid', `update scoped_token set rid = '${otherRid}'`],
      ['scoped_token.name_key', `update scoped_token set name_key = 'other'`],
      ['scoped_token.enabled', 'update scoped_token set enabled = 0'],
      ['scoped_token.scope_map_key', `update scoped_token set scope_map_key = 'other'`],
      ['scope_map.rid', `update scope_map set rid = '${otherRid}'`],
      ['scope_map.name_key', `update scope_map set name_key = 'other'`],
      ['scope_map.actions', `update scope_map set actions = '["repositories/other/content/read"]'`],
      ['scoped_token_password.id', `update scoped_token_password set id = 'other'`],
      ['scoped_token_password.token_id', `update scoped_token_password set token_id = 'other'`],
      ['scoped_token_password.name', `update scoped_token_password set name = 'other'`],
      ['scoped_token_password.hash', 'update scoped_token_password set hash = name_hash'],
      ['scoped_token_password.expires_at_ms', 'update scoped_token_password set expires_at_ms = 1'],
    ]
    test('fault 11: every stored field affects a decision when it alone changes', async (t) => {
      for (const [column, change] of fields) {
        const opened = await open(t)
        const { access, database } = opened
        await putScopeMap(opened, 'readers', ['repositories/team/app/content/read'])
        const { token, password, passwordId } = await signedIn(opened, 'nightly', 'readers')
        const decide = async () => [
          (await access.verifyScopedTokenPassword(rid, 'nightly', password)) !== undefined,
          await access.scopedTokenStands(rid, passwordId),
          (await allowed(opened, token.id, [on('team/app')])).length,
        ]
        assert.deepEqual(await decide(), [true, true, 1])
        const statement = change.replace('name_hash', kind === 'sqlite' ? "x'00'" : String.raw`'\x00'::bytea`)
        await database.transaction(async (transaction) => {
          transaction.changesAuthority()
          await sql.raw(statement).execute(transaction.tables())
        })
        assert.notDeepEqual(await decide(), [true, true, 1], column)
      }
    })

    test('that are deleted and created again have new ids', async (t) => {
      const opened = await open(t)
      const { access, database } = opened
      const { token, password, passwordId } = await signedIn(opened, 'nightly', '_repositories_pull')
      const remove = () =>
        database.transaction((transaction) => access.scopedTokens.delete(transaction, rid, 'NIGHTLY'))
      assert.equal(await remove(), true)
      assert.equal(await remove(), false)
      assert.equal(await access.scopedTokenStands(rid, passwordId), false)
      const again = await putToken(opened, 'nightly', '_repositories_pull')
      assert.notEqual(again.id, token.id)
      assert.deepEqual(again.passwords, [])
      await generate(opened, again, ['password1'])
      assert.equal(await access.scopedTokenStands(rid, passwordId), false)
      assert.equal(await access.verifyScopedTokenPassword(rid, 'nightly', password), undefined)
      assert.deepEqual(await allowed(opened, token.id, [on('team/app')]), [])
    })

    test('of a deleted registry are deleted, and no others', async (t) => {
      const opened = await open(t)
      const { access, database } = opened
      await putScopeMap(opened, 'readers', [])
      const { passwordId } = await signedIn(opened, 'nightly', 'readers')
      await putScopeMap(opened, 'readers', [], otherRid)
      await putToken(opened, 'nightly', 'readers', { by: otherRid })
      await database.transaction((transaction) => access.deleteRegistryAccess(transaction, rid))
      assert.equal(await access.scopedTokenStands(rid, passwordId), false)
      assert.equal(await access.scopedTokens.count(rid), 0)
      assert.equal(await access.scopeMaps.count(rid), 0)
      assert.equal(await access.scopedTokens.count(otherRid), 1)
      assert.equal(await access.scopeMaps.count(otherRid), 1)
    })
  })
}
