import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { openTestCredentials } from '../../../testing/credentials/test-credentials.ts'
import type { ManagedIdentity, ManagedIdentityKind } from '../../directory/index.ts'

const subscriptionId = '0a7a5e0e-6a5c-4c8e-8a3e-0d5a3f0b7a11'
const minuteMs = 60_000

function newPublicKey(): string {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return JSON.stringify(publicKey.export({ format: 'jwk' }))
}

async function open(t: TestContext, kind: DatabaseKind) {
  const opened = await openTestCredentials(kind)
  t.after(opened.dispose)
  const { database, credentials, directory } = opened
  const put = async (what: ManagedIdentityKind, name: string) => {
    const wanted = { kind: what, subscriptionId, resourceGroup: 'team', name, location: 'local', tags: {} }
    return (await database.transaction((transaction) => directory.managedIdentities.put(transaction, wanted))).identity
  }
  const newCode = async (machine: ManagedIdentity, createdBy = 'an owner') => {
    const code = { ...credentials.machines.prepareEnrollmentCode(), createdBy }
    await database.transaction((transaction) => credentials.machines.insertEnrollmentCode(transaction, machine, code))
    return code.code
  }
  const enroll = (code: string) => credentials.machines.enroll(code, newPublicKey(), () => Promise.resolve())
  const attach = (machine: ManagedIdentity, identity: ManagedIdentity) =>
    database.transaction((transaction) => credentials.machines.attach(transaction, machine, identity))
  const detach = (machine: ManagedIdentity, identity: ManagedIdentity) =>
    database.transaction((transaction) => credentials.machines.detach(transaction, machine, identity))
  const remove = (identity: ManagedIdentity) =>
    database.transaction((transaction) => directory.managedIdentities.delete(transaction, identity))
  /** The credential with which a machine acts as an identity. */
  const credentialOf = async (machine: ManagedIdentity, identity: ManagedIdentity) => {
    const identities = await credentials.machines.identitiesOf(machine.objectId)
    return identities.find(({ servicePrincipal }) => servicePrincipal.objectId === identity.objectId)?.credentialId
  }
  const stands = async (identity: ManagedIdentity, credentialId: string | undefined) => {
    assert.ok(credentialId !== undefined)
    return credentials.credentialStands(identity.objectId, { kind: 'machine', id: credentialId })
  }
  return { ...opened, put, newCode, enroll, attach, detach, remove, credentialOf, stands }
}

test('an enrollment code is readable, has 100 random bits, and is stored as a hash only', async (t) => {
  const { credentials } = await open(t, usualDatabaseKind)
  const { code, codeHash } = credentials.machines.prepareEnrollmentCode()
  assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}$/)
  assert.ok(!codeHash.includes(code))
  const codes = new Set(Array.from({ length: 1000 }, () => credentials.machines.prepareEnrollmentCode().code))
  assert.equal(codes.size, 1000)
})

for (const kind of testDatabaseKinds) {
  test(`a code ends when the person who created it is disabled or deleted (${kind})`, async (t) => {
    const { database, directory, put, newCode, enroll } = await open(t, kind)
    const change = database.transaction.bind(database)
    const createOwner = (name: string) =>
      change((tx) =>
        directory.createUser(tx, { userPrincipalName: `${name}@contoso.example`, displayName: name, password: name }),
      )
    const [leaver, other] = [await createOwner('leaver'), await createOwner('other')]
    const [first, second] = [await put('machine', 'build-1'), await put('machine', 'build-2')]
    const code = await newCode(first, leaver.objectId)
    const ofOther = await newCode(second, other.objectId)
    await change((tx) => directory.people.updateUser(tx, leaver.objectId, { enabled: false }))
    assert.equal(await enroll(code), undefined)
    assert.equal((await enroll(ofOther))?.machine.objectId, second.objectId, 'the code of another person is valid')
    const last = await newCode(second, other.objectId)
    await change((tx) => directory.people.deleteUser(tx, other.objectId))
    assert.equal(await enroll(last), undefined)
  })

  test(`a code enrolls its machine once, in any case (${kind})`, async (t) => {
    const { credentials, put, newCode, enroll } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const code = await newCode(machine)
    const enrolled = await enroll(code.toLowerCase().replaceAll('-', ' '))
    assert.equal(enrolled?.machine.objectId, machine.objectId)
    assert.equal(await enroll(code), undefined)
    const found = await credentials.machines.findKey(enrolled.keyId)
    assert.deepEqual(found?.machine, { objectId: machine.objectId, appId: machine.appId, enabled: true })
    const [described] = await credentials.machines.describe([machine])
    assert.equal(described?.key?.keyId, enrolled.keyId)
  })

  test(`of ten concurrent enrollments with one code, one succeeds (${kind})`, async (t) => {
    const { credentials, put, newCode, enroll } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const code = await newCode(machine)
    const results = await Promise.all(Array.from({ length: 10 }, () => enroll(code)))
    const enrolled = results.filter((result) => result !== undefined)
    assert.equal(enrolled.length, 1)
    const [described] = await credentials.machines.describe([machine])
    assert.equal(described?.key?.keyId, enrolled[0]?.keyId)
  })

  test(`a code expires after 15 minutes, and a later one replaces it (${kind})`, async (t) => {
    const { time, put, newCode, enroll } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const first = await newCode(machine)
    const second = await newCode(machine)
    assert.equal(await enroll(first), undefined)
    time.nowMs += 15 * minuteMs - 1
    assert.notEqual(await enroll(second), undefined)
    const third = await newCode(machine)
    time.nowMs += 15 * minuteMs
    assert.equal(await enroll(third), undefined)
    for (const wrong of ['', '0000-0000-0000-0000-0000', 'x'.repeat(100)]) assert.equal(await enroll(wrong), undefined)
  })

  test(`an event that cannot be written undoes the enrollment, and the code stays valid (${kind})`, async (t) => {
    const { credentials, put, newCode, enroll } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const code = await newCode(machine)
    const failing = credentials.machines.enroll(code, newPublicKey(), () => Promise.reject(new Error('disk full')))
    await assert.rejects(failing, /disk full/)
    assert.notEqual(await enroll(code), undefined)
  })

  test(`a new key invalidates the old key and the credentials of the machine and its attached identities (${kind})`, async (t) => {
    const { credentials, put, newCode, enroll, attach, credentialOf, stands } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const identity = await put('user-assigned', 'deploy')
    await attach(machine, identity)
    const first = await enroll(await newCode(machine))
    const [own, attached] = [await credentialOf(machine, machine), await credentialOf(machine, identity)]
    assert.equal(await stands(machine, own), true)
    assert.equal(await stands(identity, attached), true)
    await enroll(await newCode(machine))
    assert.equal(await credentials.machines.findKey(first?.keyId ?? ''), undefined)
    assert.equal(await stands(machine, own), false)
    assert.equal(await stands(identity, attached), false)
    assert.equal(await stands(machine, await credentialOf(machine, machine)), true)
  })

  test(`a machine acts as itself and as its attached identities only (${kind})`, async (t) => {
    const { put, attach, detach, credentialOf, stands } = await open(t, kind)
    const [one, two] = [await put('machine', 'one'), await put('machine', 'two')]
    const identity = await put('user-assigned', 'deploy')
    await attach(one, identity)
    assert.equal(await credentialOf(two, identity), undefined)
    assert.equal(await credentialOf(two, one), undefined)
    const credential = await credentialOf(one, identity)
    assert.equal(await stands(identity, credential), true)
    assert.equal(await stands(one, credential), false, "the credential of one identity is not another's")
    await detach(one, identity)
    assert.equal(await stands(identity, credential), false)
    assert.equal(await credentialOf(one, identity), undefined)
    await attach(one, identity)
    assert.equal(
      await stands(identity, credential),
      false,
      'a credential from before the identity was detached stays invalid',
    )
  })

  test(`deleting an identity or a machine invalidates its credentials (${kind})`, async (t) => {
    const { credentials, put, newCode, enroll, attach, remove, credentialOf, stands } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const [remaining, deleted] = [await put('user-assigned', 'remaining'), await put('user-assigned', 'deleted')]
    await attach(machine, remaining)
    await attach(machine, deleted)
    const enrolled = await enroll(await newCode(machine))
    const ids = [await credentialOf(machine, remaining), await credentialOf(machine, deleted)]
    await remove(deleted)
    assert.equal(await stands(remaining, ids[0]), true)
    assert.equal(await stands(deleted, ids[1]), false)
    const code = await newCode(machine)
    await remove(machine)
    assert.equal(await stands(remaining, ids[0]), false)
    assert.equal(await credentials.machines.findKey(enrolled?.keyId ?? ''), undefined)
    assert.equal(await enroll(code), undefined, 'its code is invalid too')
  })

  test(`the credentials of a disabled machine or identity are invalid until it is enabled again (${kind})`, async (t) => {
    const { database, put, newCode, enroll, attach, credentialOf, stands } = await open(t, kind)
    const machine = await put('machine', 'build-1')
    const identity = await put('user-assigned', 'deploy')
    await attach(machine, identity)
    await enroll(await newCode(machine))
    const credential = await credentialOf(machine, identity)
    const enable = (objectId: string, enabled: number) =>
      database.transaction(async (transaction) => {
        transaction.changesAuthority()
        const tables = transaction.tables<{ service_principal: { object_id: string; enabled: number } }>()
        await tables.updateTable('service_principal').set({ enabled }).where('object_id', '=', objectId).execute()
      })
    for (const { objectId } of [machine, identity]) {
      await enable(objectId, 0)
      assert.equal(await stands(identity, credential), false)
      await enable(objectId, 1)
      assert.equal(await stands(identity, credential), true)
    }
  })
}
