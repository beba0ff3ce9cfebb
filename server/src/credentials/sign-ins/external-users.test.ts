import assert from 'node:assert/strict'
import { type TestContext, describe, test } from 'node:test'
import { testDatabaseKinds } from '../../platform/sql/test-database.ts'
import { openTestCredentials } from '../test-credentials.ts'
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
      standsUntilMs: time.nowMs + 8 * hourMs,
      ...change,
    })
    const take = (change: Partial<ExternalPerson> = {}, createUsers = true) =>
      database.transaction((transaction) =>
        directory.signInExternalPerson(transaction, person(change), { createUsers }),
      )
    const signIn = async (change: Partial<ExternalPerson> = {}) => {
      const result = await take(change)
      assert.ok(result.outcome === 'proved', result.outcome)
      return result.user
    }
    const groupNames = async (objectId: string) => {
      const names: string[] = []
      for (const id of await directory.groupIdsOf(objectId))
        names.push((await directory.findPrincipal(id))?.displayName ?? '')
      return names.toSorted()
    }
    return { ...opened, take, signIn, groupNames }
  }

  describe(`somebody whom another provider proved [${kind}]`, () => {
    test('becomes a user at the first sign-in, and is the same at the next, whatever they are called by then', async (t) => {
      const { take, directory } = await open(t)
      const first = await take()
      assert.ok(first.outcome === 'proved' && first.isNew)
      assert.match(first.user.userPrincipalName, /^alice_contoso\.example_[0-9a-f]{20}#EXT#@contoso\.example$/)
      assert.equal(first.user.external, true)
      const second = await take({ displayName: 'Alice B.', userName: 'b@contoso.example', mail: 'b@contoso.example' })
      assert.ok(second.outcome === 'proved' && !second.isNew)
      assert.equal(second.user.objectId, first.user.objectId)
      assert.equal(second.user.userPrincipalName, first.user.userPrincipalName, 'the name stays')
      const found = await directory.findUser(first.user.objectId)
      assert.deepEqual([found?.displayName, found?.mail], ['Alice B.', 'b@contoso.example'])
    })

    test('is another than whoever has the same mail and name elsewhere, or here (fault 13)', async (t) => {
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
        'no user of ours is called like that',
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

    test('is refused while disabled, with nothing changed, and where only linked people may come', async (t) => {
      const { take, signIn, groupNames, time, database } = await open(t)
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
      assert.deepEqual(await take({ groups: ['b'] }), { outcome: 'disabled' })
      assert.deepEqual(await groupNames(objectId), ['contoso:a'])
      assert.deepEqual(await take({ subject: 'nobody' }, false), { outcome: 'not-linked' })
    })

    test('comes twice at once and is one', async (t) => {
      const { take } = await open(t)
      const results = await Promise.all(Array.from({ length: 5 }, () => take({ groups: ['a', 'b'] })))
      const ids = results.map((result) => (result.outcome === 'proved' ? result.user.objectId : result.outcome))
      assert.equal(new Set(ids).size, 1)
    })
  })

  describe(`the groups that a sign-in tells [${kind}]`, () => {
    test('replace those of the one before, at once (fault 12)', async (t) => {
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

    test('are the same group for everybody of the issuer, and another for another issuer', async (t) => {
      const { signIn, directory } = await open(t)
      const groupOf = async (change: Partial<ExternalPerson>) => {
        const { objectId } = await signIn({ groups: ['developers'], ...change })
        return (await directory.groupIdsOf(objectId)).join()
      }
      const first = await groupOf({})
      assert.equal(await groupOf({ subject: 'bob' }), first)
      assert.notEqual(await groupOf({ issuer: 'https://id.fabrikam.example', provider: 'fabrikam' }), first)
    })

    test('are so many of one issuer and no more, and whoever would bring more is kept out', async (t) => {
      const { take, signIn, groupNames, database } = await open(t)
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
      assert.deepEqual(await take({ groups: ['developers', 'one-more'] }), { outcome: 'too-many-groups' })
      assert.deepEqual(await groupNames(objectId), ['contoso:developers'])
      assert.equal((await take({ subject: 'bob', groups: ['developers'] })).outcome, 'proved')
    })

    test('leave alone what an owner put somebody into', async (t) => {
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

    test('hold as long as the sign-in does', async (t) => {
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

  describe(`a sign-in that another provider proved [${kind}]`, () => {
    test('ends, with its groups, where the issuer is believed no more, and no other does', async (t) => {
      const { signIn, groupNames, credentials, directory, database, time } = await open(t)
      const [gone, kept] = [
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
      for (const user of [gone, kept]) {
        const proof = { user, clientId: 'c', methods: ['fed'], authenticatedAtMs: time.nowMs, lifetimeMs }
        ids.push((await database.transaction((transaction) => credentials.recordSignIn(transaction, proof))).id)
      }
      const stand = async () => [
        await credentials.credentialStands(gone.objectId, { kind: 'sign-in', id: ids[0] ?? '' }),
        await credentials.credentialStands(kept.objectId, { kind: 'sign-in', id: ids[1] ?? '' }),
      ]
      await directory.endSignInsOfRemovedProviders(() => true)
      assert.deepEqual(await stand(), [true, true])
      await directory.endSignInsOfRemovedProviders((issuer) => issuer === 'https://id.fabrikam.example')
      assert.deepEqual(await stand(), [false, true])
      assert.deepEqual(await groupNames(gone.objectId), [])
      assert.deepEqual(await groupNames(kept.objectId), ['fabrikam:developers'])
    })

    test('ends when that does, however long it is asked to live', async (t) => {
      const { signIn, credentials, database, time } = await open(t)
      const user = await signIn()
      const { objectId } = user
      const lifetimeMs = 90 * 24 * hourMs
      const proof = { user, clientId: 'c', methods: ['fed'], authenticatedAtMs: time.nowMs, lifetimeMs }
      const { id } = await database.transaction((transaction) => credentials.recordSignIn(transaction, proof))
      time.nowMs += 8 * hourMs - 1
      await database.transaction((transaction) => credentials.touchSignIn(transaction, id, lifetimeMs))
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), true)
      time.nowMs += 1
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), false)
      await database.transaction((transaction) => credentials.touchSignIn(transaction, id, lifetimeMs))
      assert.equal(await credentials.credentialStands(objectId, { kind: 'sign-in', id: id }), false)
      const passkey = { ...proof, methods: ['hwk', 'mfa'] }
      const other = await database.transaction((transaction) => credentials.recordSignIn(transaction, passkey))
      assert.equal(
        await credentials.credentialStands(objectId, { kind: 'sign-in', id: other.id }),
        false,
        'nor does another proof of theirs',
      )
    })
  })
}
