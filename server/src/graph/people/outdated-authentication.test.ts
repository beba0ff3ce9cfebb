import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind, Transaction } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import type { User } from '../../directory/index.ts'
import { openGraph } from '../../../testing/graph/test-graph.ts'
import { AuthenticationRejectedError } from '../../credentials/index.ts'

const password = 'tidal lantern 7 quilt'
const origin = { remoteAddress: '198.51.100.7', userAgent: undefined }
const name = 'carol@contoso.example'
const totpMethod = '6c65746f-7470-4f74-b000-000000000001'

async function open(t: TestContext, kind: DatabaseKind) {
  const opened = await openGraph(t, kind)
  const { database, credentials, directory, asOwner } = opened
  const carol = await database.transaction((tx) =>
    directory.createUser(tx, { userPrincipalName: name, displayName: 'Carol', password }),
  )
  const authenticate = async (said = password): Promise<User> => {
    const check = await credentials.checkPassword({
      userPrincipalName: name,
      password: said,
      remoteAddress: '198.51.100.7',
    })
    if (check.outcome === 'refused') throw new Error(check.reason)
    return check.user
  }
  const record = (user: User, change: { methods?: readonly string[]; isPartial?: boolean } = {}) =>
    database.transaction((tx) => recordIn(tx, user, change))
  const recordIn = (tx: Transaction, user: User, change: { methods?: readonly string[]; isPartial?: boolean } = {}) =>
    credentials.recordSignIn(tx, {
      user,
      clientId: 'c',
      methods: ['pwd'],
      authenticatedAtMs: 0,
      lifetimeMs: 60_000,
      ...change,
    })
  const patch = async (change: object) =>
    assert.equal((await asOwner('PATCH', `/users/${carol.objectId}`, change)).status, 204)
  const addPasskey = () => {
    const credential = { credentialId: 'AAAA', publicKey: new Uint8Array(1), counter: 0, transports: [] }
    const passkey = { ...credential, objectId: carol.objectId, displayName: 'key' }
    return database.transaction((tx) => credentials.secondFactors.addPasskey(tx, passkey))
  }
  return { ...opened, carol, authenticate, record, recordIn, patch, addPasskey }
}

const rejectedFor = (rejection: string) => (error: unknown) => {
  assert.ok(error instanceof AuthenticationRejectedError)
  assert.equal(error.rejection, rejection)
  return true
}

for (const kind of testDatabaseKinds) {
  test(`an authentication before a reset, a change or a sign-out everywhere does not complete a sign-in afterwards (${kind})`, async (t) => {
    const { asOwner, carol, credentials, database, authenticate, record, patch } = await open(t, kind)
    const resets: Record<string, () => Promise<unknown>> = {
      reset: () => patch({ passwordProfile: { password } }),
      'password to be changed': () => patch({ passwordProfile: { forceChangePasswordNextSignIn: true } }),
      'a change by the person': async () => {
        const prepared = await credentials.preparePassword(name, 'seven brass kettles')
        const authenticated = await authenticate()
        await database.transaction((tx) => credentials.changePassword(tx, authenticated, prepared, { origin }))
        await patch({ passwordProfile: { password } })
      },
      'sign-out everywhere': () => asOwner('POST', `/users/${carol.objectId}/revokeSignInSessions`),
      'disabled and enabled again': async () => {
        await patch({ accountEnabled: false })
        await patch({ accountEnabled: true })
      },
    }
    for (const [what, reset] of Object.entries(resets)) {
      const user = await authenticate()
      await reset()
      await assert.rejects(record(user), rejectedFor('outdated'), what)
      await assert.rejects(record(user, { isPartial: true }), rejectedFor('outdated'), what)
      await patch({ passwordProfile: { password } })
    }
    assert.equal((await credentials.signInsOf(carol.objectId)).length, 0)
    assert.equal((await record(await authenticate())).objectId, carol.objectId)
  })

  test(`an earlier authentication does not sign in a user who was disabled or deleted since (${kind})`, async (t) => {
    const { asOwner, carol, authenticate, record, patch } = await open(t, kind)
    const user = await authenticate()
    await patch({ accountEnabled: false })
    await assert.rejects(record(user), rejectedFor('disabled'))
    assert.equal((await asOwner('DELETE', `/users/${carol.objectId}`)).status, 204)
    await assert.rejects(record(user), rejectedFor('outdated'))
  })

  test(`a password alone does not complete a sign-in if there is a second factor or it must be changed (${kind})`, async (t) => {
    const { authenticate, record, patch, addPasskey } = await open(t, kind)
    const user = await authenticate()
    await addPasskey()
    await assert.rejects(record(user), rejectedFor('second-factor'))
    assert.ok(await record(user, { isPartial: true }))
    assert.ok(await record(user, { methods: ['pwd', 'hwk', 'mfa'] }))
    await patch({ passwordProfile: { forceChangePasswordNextSignIn: true } })
    const later = await authenticate()
    await assert.rejects(record(later, { methods: ['pwd', 'hwk', 'mfa'] }), rejectedFor('must-change-password'))
    assert.ok(await record(later, { methods: ['hwk', 'mfa'] }))
  })

  test(`an authentication with a second factor that was removed since does not complete a sign-in (${kind})`, async (t) => {
    const { asOwner, carol, credentials, database, authenticate, record, addPasskey } = await open(t, kind)
    const first = await addPasskey()
    const byPasskey = await authenticate()
    await database.transaction((tx) => credentials.secondFactors.removePasskey(tx, carol.objectId, first?.id ?? ''))
    await assert.rejects(record(byPasskey, { methods: ['hwk', 'mfa'] }), rejectedFor('outdated'))
    await addPasskey()
    const again = await authenticate()
    assert.equal(
      (await asOwner('DELETE', `/users/${carol.objectId}/authentication/softwareOathMethods/${totpMethod}`)).status,
      404,
    )
    assert.ok(await record(again, { methods: ['hwk', 'mfa'] }), 'nothing was removed')
  })

  test(`no sign-in with the old password survives a concurrent reset (${kind})`, async (t) => {
    const { carol, credentials, authenticate, record, patch } = await open(t, kind)
    for (let round = 0; round < 5; round += 1) {
      const user = await authenticate()
      const signIns = Array.from({ length: 4 }, () => record(user).catch(rejectedFor('outdated')))
      await Promise.all([
        ...signIns,
        patch({ passwordProfile: { password } }),
        record(user).catch(rejectedFor('outdated')),
      ])
      assert.deepEqual(await credentials.signInsOf(carol.objectId), [], `round ${round}`)
    }
  })

  test(`a user's change of the password does not override an administrator's reset (${kind})`, async (t) => {
    const { credentials, database, authenticate, patch } = await open(t, kind)
    const user = await authenticate()
    const prepared = await credentials.preparePassword(name, 'seven brass kettles')
    await patch({ passwordProfile: { password: 'nine copper bells' } })
    await assert.rejects(
      database.transaction((tx) => credentials.changePassword(tx, user, prepared, { origin })),
      rejectedFor('outdated'),
    )
    assert.equal((await authenticate('nine copper bells')).objectId, user.objectId)
  })

  test(`a password that must be changed ends all sign-ins of the user (${kind})`, async (t) => {
    const { carol, credentials, authenticate, record, patch } = await open(t, kind)
    const { id } = await record(await authenticate())
    assert.equal(await credentials.credentialStands(carol.objectId, { kind: 'sign-in', id: id }), true)
    await patch({ passwordProfile: { forceChangePasswordNextSignIn: true } })
    assert.equal(await credentials.credentialStands(carol.objectId, { kind: 'sign-in', id: id }), false)
    assert.equal(await credentials.findSignIn(id), undefined)
  })
}
