import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openTestTokenService } from '../../../testing/token-service/test-token-service.ts'
import { actorOfCredential } from './actor.ts'
import type { Credential } from './credential.ts'

const ofDirectory = (principalKind: 'user' | 'service-principal', objectId: string): Credential => ({
  kind: 'directory',
  principalKind,
  objectId,
  appId: 'app',
  subject: 'subject',
  credential: undefined,
})

async function openWithPerson(t: TestContext, displayName: string) {
  const context = await openTestTokenService(t)
  const user = { userPrincipalName: 'ada@contoso.example', displayName, password: undefined }
  const { objectId } = await context.database.transaction((transaction) =>
    context.directory.people.createUser(transaction, user),
  )
  return { context, credential: ofDirectory('user', objectId), objectId }
}

test('an actor has the display name and the kind of the principal', async (t) => {
  const { context, credential, objectId } = await openWithPerson(t, 'Ada')
  const actor = await actorOfCredential(context, context.registry, credential)
  assert.deepEqual(actor, { id: objectId, name: 'Ada', kind: 'person' })
  const { servicePrincipal } = await context.createPrincipal('CI')
  const program = ofDirectory('service-principal', servicePrincipal.objectId)
  assert.deepEqual(await actorOfCredential(context, context.registry, program), {
    id: servicePrincipal.objectId,
    name: 'CI',
    kind: 'servicePrincipal',
  })
  const { subscriptionId } = context.registry
  const place = { subscriptionId, resourceGroup: 'default', name: 'builder', location: 'local', tags: {} }
  const { identity } = await context.database.transaction((transaction) =>
    context.directory.managedIdentities.put(transaction, { ...place, kind: 'user-assigned' }),
  )
  const managed = ofDirectory('service-principal', identity.objectId)
  assert.deepEqual(await actorOfCredential(context, context.registry, managed), {
    id: identity.objectId,
    name: 'builder',
    kind: 'managedIdentity',
  })
})

test('an actor whose principal was deleted meanwhile has the name in the credential', async (t) => {
  const context = await openTestTokenService(t)
  const objectId = '00000000-0000-4000-8000-000000000001'
  const actor = await actorOfCredential(context, context.registry, ofDirectory('user', objectId))
  assert.deepEqual(actor, { id: objectId, name: 'subject', kind: 'person' })
})

test('a scoped token and the admin account have their own names, and an anonymous caller none', async (t) => {
  const context = await openTestTokenService(t)
  const { registry } = context
  const password = { tokenId: 'id', passwordId: 'id' }
  const token: Credential = { kind: 'scoped-token', name: 'ci', password }
  assert.deepEqual(await actorOfCredential(context, registry, token), { id: 'ci', name: 'ci', kind: 'token' })
  const admin: Credential = { kind: 'admin', password: { name: 'password', generation: 1 } }
  const named = { id: 'contoso', name: 'contoso', kind: 'admin' }
  assert.deepEqual(await actorOfCredential(context, registry, admin), named)
  assert.equal(await actorOfCredential(context, registry, { kind: 'anonymous' }), undefined)
})

test('a long name is cut', async (t) => {
  const { context, credential } = await openWithPerson(t, 'x'.repeat(1000))
  assert.equal((await actorOfCredential(context, context.registry, credential))?.name.length, 256)
})
