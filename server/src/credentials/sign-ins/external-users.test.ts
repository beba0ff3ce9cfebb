import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'
import type { ExternalPerson } from '../../directory/index.ts'

type GroupTables = {
  directory_group: Readonly<Record<string, unknown>>
  group_member: Readonly<Record<string, unknown>>
}

const hourMs = 60 * 60 * 1000

for (const kind of testDatabaseKinds) {
  const open = async (t: TestContext) => {
    const opened = await openTestCredentials(kind)
    t.after(opened.dispose)
    const { database, directory, time } = opened
    const person = (change: Partial<ExternalPerson> = {}): ExternalPerson => ({
      issuer: 'https://id.contoso.example',
      subject: 'alice-1',
      provider: 'contoso',
      displayName: 'Alice',
      userName: 'alice@contoso.example',
      mail: 'alice@contoso.example',
      groups: [],
      expiresAtMs: time.nowMs + 8 * hourMs,
      ...change,
    })
    const attempt = (change: Partial<ExternalPerson> = {}, createUsers = true) =>
      database.transaction((transaction) =>
        directory.signInExternalPerson(transaction, person(change), { createUsers }),
      )
    const signIn = async (change: Partial<ExternalPerson> = {}) => {
      const result = await attempt(change)
      assert.ok(result.outcome === 'verified', result.outcome)
      return result.user
    }
    const groupNames = async (objectId: string) => {
      const names: string[] = []
      for (const id of await directory.groupIdsOf(objectId))
        names.push((await directory.findPrincipal(id))?.displayName ?? '')
      return names.toSorted()
    }
    return { ...opened, attempt, signIn, groupNames }
  }

  describe(`a person whom another provider authenticated [${kind}]`, () => {
    test('becomes a user at the first sign-in, and stays this user when the name changes', async (t) => {
      const { attempt, directory } = await open(t)
      const first = await attempt()
      assert.ok(first.outcome === 'verified' && first.isNew)
      assert.match(first.user.userPrincipalName, /^alice_contoso\.example_[0-9a-f]{20}#EXT#@contoso\.example$/)
      assert.equal(first.user.external, true)
      const second = await attempt({
        displayName: 'Alice B.',
        userName: 'b@contoso.example',
        mail: 'b@contoso.example',
      })
      assert.ok(second.outcome === 'verified' && !second.isNew)
      assert.equal(second.user.objectId, first.user.objectId)
      assert.equal(second.user.userPrincipalName, first.user.userPrincipalName, 'the name stays')
      const found = await directory.findUser(first.user.objectId)
      assert.deepEqual([found?.displayName, found?.mail], ['Alice B.', 'b@contoso.example'])
    })

    test('is not the user with the same mail and name at another issuer or here (fault 13)', async (t) => {
      const { signIn, alice, database, directory } = await open(t)
      const ids = new Set([alice.objectId])
      const same = { displayName: 'Alice', userName: 'alice@contoso.example', mail: 'Alice@contoso.example' }
      ids.add((await signIn(same)).objectId)
      ids.add((await signIn({ ...same, issuer: 'https://id.fabrikam.example', provider: 'fabrikam' })).objectId)
      ids.add((await signIn({ ...same, subject: 'alice-2' })).objectId)
      ids.add((await signIn({ ...same, subject: 'ALICE-1' })).objectId)
      assert.equal(ids.size, 5)
      const taken = { userPrincipalName: 'mallory_0123#ext#@contoso.example', displayName: 'x', password: undefined }
      await assert.rejects(
        database.transaction((transaction) => directory.createUser(transaction, taken)),
        RangeError,
        'the name is reserved for external users',
      )
    })

    test('has no password', async (t) => {
      const { signIn, credentials } = await open(t)
      const { userPrincipalName } = await signIn()
      for (const password of ['', 'a long password']) {
        const check = await credentials.checkPassword({ userPrincipalName, password, remoteAddress: '203.0.113.1' })
        assert.equal(check.outcome, 'refused')
      }
    })

    test('is denied without changes while disabled, or if only linked people may sign in', async (t) => {
      const { attempt, signIn, groupNames, time, database } = await open(t)
      const { objectId } = await signIn({ groups: ['a'] })
      await database.transaction((transaction) =>
        transaction
          .tables<{ directory_user: { object_id: string; enabled: number } }>()
          .updateTable('directory_user')
          .set({ enabled: 0 })
          .where('object_id', '=', objectId)
          .execute(),
      )
      time.nowMs += 1
      assert.deepEqual(await attempt({ groups: ['b'] }), { outcome: 'disabled' })
      assert.deepEqual(await groupNames(objectId), ['contoso:a'])
      assert.deepEqual(await attempt({ subject: 'nobody' }, false), { outcome: 'not-linked' })
    })

    test('becomes one user if concurrent sign-ins are the first', async (t) => {
      const { attempt } = await open(t)
      const results = await Promise.all(Array.from({ length: 5 }, () => attempt({ groups: ['a', 'b'] })))
      const ids = results.map((result) => (result.outcome === 'verified' ? result.user.objectId : result.outcome))
      assert.equal(new Set(ids).size, 1)
    })
  })

  describe(`the groups of a sign-in [${kind}]`, () => {
    test('replace those of the previous sign-in immediately (fault 12)', async (t) => {
      const { signIn, groupNames } = await open(t)
      const { objectId } = await signIn({ groups: ['developers', 'testers'] })
      assert.deepEqual(await groupNames(objectId), ['contoso:developers', 'contoso:testers'])
      await signIn({ groups: ['testers', 'owners'] })
      assert.deepEqual(await groupNames(objectId), ['contoso:owners', 'contoso:testers'])
      await signIn({ groups: ['testers', 'owners'] })
      assert.deepEqual(await groupNames(objectId), ['contoso:owners', 'contoso:testers'])
      await signIn({ groups: [] })
      assert.deepEqual(await groupNames(objectId), [])
    })

    test('are shared by all people of the issuer, and differ between issuers', async (t) => {
      const { signIn, directory } = await open(t)
      const groupOf = async (change: Partial<ExternalPerson>) => {
        const { objectId } = await signIn({ groups: ['developers'], ...change })
        return (await directory.groupIdsOf(objectId)).join()
      }
      const first = await groupOf({})
      assert.equal(await groupOf({ subject: 'bob' }), first)
      assert.notEqual(await groupOf({ issuer: 'https://id.fabrikam.example', provider: 'fabrikam' }), first)
    })

    test('are limited for each issuer, and a sign-in that exceeds the limit is denied', async (t) => {
      const { attempt, signIn, groupNames, database } = await open(t)
      const { objectId } = await signIn({ groups: ['developers'] })
      const issuer = 'https://id.contoso.example'
      const rows = Array.from({ length: 19_999 }, (_, at) => ({ issuer, value: `v${at}`, group_id: `g${at}` }))
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<{ external_group: (typeof rows)[number] }>()
        for (let at = 0; at < rows.length; at += 5000) {
          await tables
            .insertInto('external_group')
            .values(rows.slice(at, at + 5000))
            .execute()
        }
      })
      assert.deepEqual(await attempt({ groups: ['developers', 'one-more'] }), { outcome: 'too-many-groups' })
      assert.deepEqual(await groupNames(objectId), ['contoso:developers'])
      assert.equal((await attempt({ subject: 'bob', groups: ['developers'] })).outcome, 'verified')
    })

    test('do not replace the memberships that an owner added', async (t) => {
      const { signIn, groupNames, database } = await open(t)
      const { objectId } = await signIn({ groups: ['developers'] })
      const name = {
        display_name: 'local',
        display_name_key: 'local',
        mail_nickname: 'local',
        mail_nickname_key: 'local',
      }
      const group_id = '5b1cdb6e-2a4f-4f0e-8d0c-0a7b1e9f2d33'
      await database.transaction(async (transaction) => {
        const tables = transaction.tables<GroupTables>()
        await tables
          .insertInto('directory_group')
          .values({ object_id: group_id, ...name, description: null, created_at_ms: 0 })
          .execute()
        await tables.insertInto('group_member').values({ group_id, member_id: objectId, member_kind: 'user' }).execute()
      })
      await signIn({ groups: [] })
      assert.deepEqual(await groupNames(objectId), ['local'])
    })

    test('expire with the sign-in', async (t) => {
      const { signIn, groupNames, time, directory } = await open(t)
      const { objectId } = await signIn({ groups: ['developers'] })
      time.nowMs += 8 * hourMs - 1
      await directory.endStaleMemberships()
      assert.deepEqual(await groupNames(objectId), ['contoso:developers'])
      time.nowMs += 1
      await directory.endStaleMemberships()
      assert.deepEqual(await groupNames(objectId), [])
    })
  })

  describe(`a sign-in at another provider [${kind}]`, () => {
    test('ends with its groups when its issuer is removed, and others do not', async (t) => {
      const { signIn, groupNames, credentials, directory, database, time } = await open(t)
      const [removed, remaining] = [
        await signIn({ groups: ['developers'] }),
        await signIn({
          issuer: 'https://id.fabrikam.example',
          groups: ['developers'],
          userName: 'bob',
          provider: 'fabrikam',
        }),
      ]
      const lifetimeMs = hourMs
      const ids: string[] = []
      for (const user of [removed, remaining]) {
        const request = { user, clientId: 'c', methods: ['fed'], authenticatedAtMs: time.nowMs, lifetimeMs }
        ids.push((await database.transaction((transaction) => credentials.recordSignIn(transaction, request))).id)
      }
      const areValid = async () => [
        await credentials.credentialStands(removed.objectId, { kind: 'sign-in', id: ids[0] ?? '' }),
        await credentials.credentialStands(remaining.objectId, { kind: 'sign-in', id: ids[1] ?? '' }),
      ]
      await directory.endSignInsOfRemovedProviders(() => true)
      assert.deepEqual(await areValid(), [true, true])
      await directory.endSignInsOfRemovedProviders((issuer) => issuer === 'https://id.fabrikam.example')
      assert.deepEqual(await areValid(), [false, true])
      assert.deepEqual(await groupNames(removed.objectId), [])
      assert.deepEqual(await groupNames(remaining.objectId), ['fabrikam:developers'])
    })

    test('expires with the sign-in at the provider, even if a longer lifetime is requested', async (t) => {
      const { signIn, credentials, database, time } = await open(t)
      const user = await signIn()
      const { objectId } = user
      const lifetimeMs = 90 * 24 * hourMs
      const request = { user, clientId: 'c', methods: ['fed'], authenticatedAtMs: time.nowMs, lifetimeMs }
      const { id } = await database.transaction((transaction) => credentials.recordSignIn(transaction, request))
      time.nowMs += 8 * hourMs - 1
      await database.transaction((transaction) => credentials.touchSignIn(transaction, id, lifetimeMs))
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), true)
      time.nowMs += 1
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), false)
      await database.transaction((transaction) => credentials.touchSignIn(transaction, id, lifetimeMs))
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), false)
      const passkey = { ...request, methods: ['hwk', 'mfa'] }
      const other = await database.transaction((transaction) => credentials.recordSignIn(transaction, passkey))
      assert.equal(
        await credentials.credentialStands(objectId, { kind: 'sign-in', id: other.id }),
        false,
        'another authentication method does not extend it',
      )
    })
  })
}
