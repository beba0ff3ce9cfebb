import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, describe, test } from 'node:test'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { type Credentials, prepareGeneratedPassword } from '../credentials/index.ts'
import type { User } from '../directory/index.ts'
import { type GraphAuthenticate, createGraph } from '../graph/index.ts'
import { createApp } from '../platform/http/app.ts'
import type { Database, DatabaseKind, Transaction } from '../platform/sql/database.ts'
import { testDatabaseKinds, usualDatabaseKind } from '../../testing/platform/test-database.ts'
import { createConsents } from '../sign-in/index.ts'
import { resourceGroupId, subscriptionId as subscriptionScope } from '@acrux/shared/standards/azure/resource-id.ts'
import { openTestModules } from '../../testing/compose/test-modules.ts'

const subscriptionId = '10000000-0000-4000-8000-000000000001'
const tenantId = '20000000-0000-4000-8000-000000000002'
const acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
const author = { name: 'test', kind: 'Application' } as const
const group = { subscriptionId, name: 'default', location: 'local', tags: {} }

type Modules = Awaited<ReturnType<typeof openModules>>

/** The effect of a write on the revision. The revision must move if a permission or a credential may end. */
type Effect = 'moves' | 'only adds'

type Write<Method> = {
  readonly method: Method
  readonly effect: Effect
  readonly run: (modules: Modules, transaction: Transaction) => Promise<unknown>
}

type Resources = TestModules['resources']
type Access = TestModules['access']
type Directory = TestModules['directory']

/** The methods of a module that take a transaction first, and thus change something. */
type Writer<Module> = {
  [Name in keyof Module & string]: Module[Name] extends (transaction: Transaction, ...rest: never[]) => unknown
    ? Name
    : never
}[keyof Module & string]

// prettier-ignore
const writes: readonly Write<Writer<Resources> | Writer<Access> | Writer<Directory> | Writer<Credentials>>[] = [
  { method: 'createSubscription',     effect: 'only adds', run: ({ resources }, tx) => resources.createSubscription(tx, { subscriptionId: randomUUID(), tenantId, displayName: 'x' }) },
  { method: 'putResourceGroup',       effect: 'only adds', run: ({ resources }, tx) => resources.putResourceGroup(tx, { ...group, name: 'other' }) },
  { method: 'deleteResourceGroup',    effect: 'moves',     run: ({ resources }, tx) => resources.deleteResourceGroup(tx, subscriptionId, 'default') },
  { method: 'createRegistry',         effect: 'moves',     run: (modules, tx) => modules.createRegistry(tx, 'fabrikam') },
  { method: 'updateRegistry',         effect: 'moves',     run: ({ resources, registry }, tx) => resources.updateRegistry(tx, registry.rid, { adminUserEnabled: false }, author) },
  { method: 'deleteRegistry',         effect: 'moves',     run: ({ resources, registry }, tx) => resources.deleteRegistry(tx, registry.rid) },
  { method: 'renewAdminPassword',     effect: 'moves',     run: ({ resources, registry }, tx) => resources.renewAdminPassword(tx, registry.rid, 'password2') },
  { method: 'createAssignment',       effect: 'moves',     run: (modules, tx) => modules.assign(tx, modules.principal.objectId, subscriptionScope(subscriptionId)) },
  { method: 'putRoleDefinition',      effect: 'moves',     run: (modules, tx) => putRole(modules, tx) },
  { method: 'deleteRoleDefinition',   effect: 'moves',     run: async (modules, tx) => { await putRole(modules, tx); await modules.access.deleteRoleDefinition(tx, customRole) } },
  { method: 'updateAssignment',       effect: 'moves',     run: ({ access, registry, assignment }, tx) => access.updateAssignment(tx, registry.id, assignment, { condition: null, conditionVersion: null, description: 'x', updatedBy: 'test' }) },
  { method: 'deleteAssignment',       effect: 'moves',     run: ({ access, registry, assignment }, tx) => access.deleteAssignment(tx, registry.id, assignment) },
  { method: 'deleteAssignmentsBelow', effect: 'moves',     run: ({ access }, tx) => access.deleteAssignmentsBelow(tx, resourceGroupId(subscriptionId, 'default')) },
  { method: 'deleteRegistryAccess',   effect: 'moves',     run: ({ access, registry }, tx) => access.deleteRegistryAccess(tx, registry.rid) },
  { method: 'deleteAssignmentsOf',    effect: 'moves',     run: ({ access, principal }, tx) => access.deleteAssignmentsOf(tx, principal.objectId) },
  { method: 'createUser',             effect: 'only adds', run: ({ directory }, tx) => directory.createUser(tx, { userPrincipalName: 'bob@contoso.example', displayName: 'Bob', password: 'a long password' }) },
  { method: 'createServicePrincipal', effect: 'only adds', run: ({ credentials }, tx) => credentials.createServicePrincipal(tx, { displayName: 'other' }) },
  { method: 'changePassword',         effect: 'moves',     run: ({ credentials, person, newPassword }, tx) => credentials.changePassword(tx, person, newPassword, { origin: { remoteAddress: '198.51.100.7', userAgent: undefined } }) },
  { method: 'resetPassword',          effect: 'moves',     run: ({ credentials, person, newPassword }, tx) => credentials.resetPassword(tx, person.objectId, newPassword, { mustChange: true, origin: { remoteAddress: '198.51.100.7', userAgent: undefined } }) },
  { method: 'replaceCertificates',    effect: 'moves',     run: ({ credentials, principal }, tx) => credentials.replaceCertificates(tx, 'servicePrincipals', principal.objectId, []) },
  { method: 'recordSignIn',           effect: 'only adds', run: ({ credentials, person }, tx) => credentials.recordSignIn(tx, signInOf(person)) },
  { method: 'touchSignIn',            effect: 'only adds', run: ({ credentials, signIn }, tx) => credentials.touchSignIn(tx, signIn.id, 1000) },
  { method: 'recordSignInUse',        effect: 'only adds', run: ({ credentials, signIn }, tx) => credentials.recordSignInUse(tx, signIn.id, { remoteAddress: '198.51.100.7', userAgent: undefined }) },
  { method: 'recordPlace',            effect: 'only adds', run: ({ credentials, person }, tx) => credentials.recordPlace(tx, person.objectId, { remoteAddress: '198.51.100.7', userAgent: undefined }) },
  { method: 'endSignIn',              effect: 'moves',     run: ({ credentials, signIn }, tx) => credentials.endSignIn(tx, signIn.id) },
  { method: 'signInExternalPerson',   effect: 'moves',     run: ({ directory }, tx) => directory.signInExternalPerson(tx, externalPerson, { createUsers: true }) },
  { method: 'endSignInsTo',           effect: 'moves',     run: ({ credentials, person }, tx) => credentials.endSignInsTo(tx, person.objectId, signInOf(person).clientId) },
  { method: 'endSignInsOf',           effect: 'moves',     run: ({ credentials, person }, tx) => credentials.endSignInsOf(tx, person.objectId) },
]

const customRole = 'c0570000-0000-4000-8000-000000000001'
const putRole = ({ access }: Modules, tx: Transaction) =>
  access.putRoleDefinition(tx, {
    name: customRole,
    roleName: 'Custom',
    description: '',
    assignableScopes: [subscriptionScope(subscriptionId)],
    permissions: [],
    author: 'test',
  })

/** Groups are cached, even missing groups. */
const externalPerson = {
  issuer: 'https://id.contoso.example',
  subject: 'alice-1',
  provider: 'contoso',
  displayName: 'Alice',
  userName: undefined,
  mail: undefined,
  groups: ['developers'],
  expiresAtMs: Date.parse('2026-11-24T20:00:00Z'),
}

const signInOf = (user: User) => ({
  user,
  clientId: '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
  methods: ['pwd', 'otp', 'mfa'],
  authenticatedAtMs: 0,
  lifetimeMs: 60_000,
})

const grantIdOf = (...guids: string[]) =>
  Buffer.concat([...guids.map((guid) => Buffer.from(guid.replaceAll('-', ''), 'hex')), Buffer.from('arm')]).toString(
    'base64url',
  )

type GraphWrite = { readonly id: string; readonly effect: Effect; readonly path: string; readonly body?: object }

/** Requests that change a person and two groups, one of which contains the other; `/me` is the person. */
function peopleWrites(modules: Modules): GraphWrite[] {
  const { principal, person, signIn, otherSignIn, passkeyId, groupId, otherGroupId, totpId } = modules
  const user = `/users/${person.objectId}`
  const group = `/groups/${groupId}`
  const reference = { '@odata.id': `https://contoso.example/graph/v1.0/directoryObjects/${principal.objectId}` }
  const groupIds = { groupIds: [groupId] }
  const newUser = { userPrincipalName: 'dora@contoso.example', displayName: 'Dora', accountEnabled: true }
  const role = { principalId: principal.objectId, roleDefinitionId: readerRole, directoryScopeId: '/' }
  const all = ['me', `users/${person.objectId}`, `groups/${groupId}`, `servicePrincipals/${principal.objectId}`]
  const reads = [...all, `directoryObjects/${groupId}`].flatMap((path): GraphWrite[] => {
    const collection = path.split('/')[0] ?? ''
    return [
      { id: `graph.${collection}.getMemberGroups`, effect: 'only adds', path: `/${path}/getMemberGroups`, body: {} },
      {
        id: `graph.${collection}.checkMemberGroups`,
        effect: 'only adds',
        path: `/${path}/checkMemberGroups`,
        body: groupIds,
      },
    ]
  })
  // prettier-ignore
  return [
    ...reads,
    { id: 'graph.batch',                          effect: 'only adds', path: '/$batch',                         body: { requests: [{ id: '1', method: 'GET', url: '/me' }] } },
    { id: 'graph.users.create',                   effect: 'only adds', path: '/users',                          body: { ...newUser, passwordProfile: { password: 'a long pass phrase' } } },
    { id: 'graph.users.update',                   effect: 'moves',     path: user,                              body: { displayName: 'Carol C.' } },
    { id: 'graph.users.endSignInSession',         effect: 'moves',     path: `${user}/signInSessions/${signIn.id}` },
    { id: 'graph.me.endSignInSession',            effect: 'moves',     path: `/me/signInSessions/${otherSignIn.id}` },
    { id: 'graph.users.revokeSignInSessions',     effect: 'moves',     path: `${user}/revokeSignInSessions` },
    { id: 'graph.users.deleteSoftwareOathMethod', effect: 'moves',     path: `${user}/authentication/softwareOathMethods/${totpId}` },
    { id: 'graph.users.deleteFido2Method',        effect: 'moves',     path: `${user}/authentication/fido2Methods/${passkeyId}` },
    { id: 'graph.users.createAccessPass',         effect: 'only adds', path: `${user}/authentication/temporaryAccessPassMethods`, body: {} },
    { id: 'graph.users.deleteAccessPass',         effect: 'only adds', path: `${user}/authentication/temporaryAccessPassMethods/7461702d-7061-4373-b000-000000000001` },
    { id: 'graph.me.revokeSignInSessions',        effect: 'moves',     path: '/me/revokeSignInSessions' },
    { id: 'graph.me.changePassword',              effect: 'moves',     path: '/me/changePassword',              body: { currentPassword: 'a long password', newPassword: 'quite another phrase' } },
    { id: 'graph.oauth2PermissionGrants.delete',  effect: 'moves',     path: `/oauth2PermissionGrants/${grantIdOf(person.objectId, principal.appId)}` },
    { id: 'graph.groups.create',                  effect: 'only adds', path: '/groups',                         body: { ...newGroup, displayName: 'third' } },
    { id: 'graph.groups.update',                  effect: 'only adds', path: group,                             body: { description: 'the team' } },
    { id: 'graph.groups.addMember',               effect: 'moves',     path: `${group}/members/$ref`,           body: reference },
    { id: 'graph.groups.removeMember',            effect: 'moves',     path: `${group}/members/${principal.objectId}/$ref` },
    { id: 'graph.groups.addOwner',                effect: 'only adds', path: `${group}/owners/$ref`,            body: reference },
    { id: 'graph.groups.removeOwner',             effect: 'moves',     path: `${group}/owners/${principal.objectId}/$ref` },
    { id: 'graph.groups.delete',                  effect: 'moves',     path: `/groups/${otherGroupId}` },
    { id: 'graph.roleAssignments.create',         effect: 'only adds', path: '/roleManagement/directory/roleAssignments', body: role },
    { id: 'graph.roleAssignments.delete',         effect: 'moves',     path: `/roleManagement/directory/roleAssignments/reader-${principal.objectId}` },
    { id: 'graph.users.resetPassword',            effect: 'moves',     path: `${user}/authentication/methods/28c10230-6103-485e-b985-444c60001490/resetPassword`, body: { newPassword: 'a long pass phrase' } },
    { id: 'graph.users.createOneTimeLink',        effect: 'moves',     path: `${user}/authentication/oneTimeLinks`, body: {} },
    { id: 'graph.users.deleteOneTimeLink',        effect: 'moves',     path: `${user}/authentication/oneTimeLinks/6c696e6b-6f6e-4365-b000-000000000001` },
    { id: 'graph.users.delete',                   effect: 'moves',     path: user },
  ]
}

const noAssertion = { issuer: '', subject: '', audiences: [], claim: () => undefined }
const trustedTenantId = '72f988bf-0000-4000-8000-2d7cd011db47'
const externalId = '5e0c8f0a-0000-4000-8000-00000000ada0'
const readerRole = '88d8e3e3-8f55-4a1e-953a-9b9898b8876b'
const newGroup = { displayName: 'team', mailNickname: 'team', mailEnabled: false, securityEnabled: true }

/**
 * Every changing route of Graph, on `ci`, which has one secret on the application and one secret on the service
 * principal.
 */
function graphWrites(modules: Modules): GraphWrite[] {
  const { principal, applicationId, keyIds } = modules
  const application = `/applications/${applicationId}`
  const self = `/servicePrincipals/${principal.objectId}`
  // prettier-ignore
  return [
    ...peopleWrites(modules),
    { id: 'graph.applications.testToken',           effect: 'only adds', path: `${application}/testWorkloadToken`, body: { token: 'a.b.c' } },
    { id: 'graph.applications.create',              effect: 'only adds', path: '/applications',                    body: { displayName: 'new' } },
    { id: 'graph.applications.update',              effect: 'moves',     path: application,                        body: { keyCredentials: [] } },
    { id: 'graph.applications.addOwner',            effect: 'only adds', path: `${application}/owners/$ref`,       body: { '@odata.id': `https://contoso.example/graph/v1.0/directoryObjects/${principal.objectId}` } },
    { id: 'graph.applications.removeOwner',         effect: 'moves',     path: `${application}/owners/${principal.objectId}/$ref` },
    { id: 'graph.applications.addPassword',         effect: 'only adds', path: `${application}/addPassword`,       body: {} },
    { id: 'graph.applications.removePassword',      effect: 'moves',     path: `${application}/removePassword`,    body: { keyId: keyIds[0] } },
    { id: 'graph.federatedCredentials.create',      effect: 'moves',     path: `${application}/federatedIdentityCredentials`,    body: { name: 'github', issuer: 'https://issuer.example', subject: 'repo:a/b', audiences: ['api://AzureADTokenExchange'] } },
    { id: 'graph.federatedCredentials.update',      effect: 'moves',     path: `${application}/federatedIdentityCredentials/github`, body: { subject: 'repo:a/c' } },
    { id: 'graph.federatedCredentials.delete',      effect: 'moves',     path: `${application}/federatedIdentityCredentials/github` },
    { id: 'graph.servicePrincipals.addPassword',    effect: 'only adds', path: `${self}/addPassword`,              body: {} },
    { id: 'graph.servicePrincipals.removePassword', effect: 'moves',     path: `${self}/removePassword`,           body: { keyId: keyIds[1] } },
    { id: 'graph.servicePrincipals.update',         effect: 'moves',     path: self,                               body: { accountEnabled: false } },
    { id: 'graph.servicePrincipals.delete',         effect: 'moves',     path: self },
    { id: 'graph.servicePrincipals.create',         effect: 'only adds', path: '/servicePrincipals',               body: { appId: principal.appId } },
    { id: 'graph.applications.delete',              effect: 'moves',     path: application },
    { id: 'graph.directoryObjects.getByIds',        effect: 'only adds', path: '/directoryObjects/getByIds',       body: { ids: [] } },
    { id: 'graph.directoryObjects.delete',          effect: 'moves',     path: `/directoryObjects/${externalId}` },
  ]
}

async function openModules(t: TestContext, kind: DatabaseKind) {
  const { modules, database, log, publicOrigin, close } = await openTestModules({
    kind,
    settings: { publicHost: 'contoso.example', trustedTenants: JSON.stringify([{ tenantId: trustedTenantId }]) },
  })
  const { resources, access, credentials, directory, audit } = modules
  const principals = await createPrincipals(modules, database)
  const app = createApp({ log, trustedProxies: [] })
  const surface = createGraph({
    database,
    clock: { now: () => Date.now() },
    audit,
    log,
    publicOrigin,
    credentials,
    directory,
    consents: createConsents(database),
    mayBecome: modules.mayBecome,
    testWorkloadToken: async () => ({ outcome: 'issuer', assertion: noAssertion }),
    findClientName: () => Promise.resolve(undefined),
    identityProviders: [],
    authenticate: authenticateAs(principals),
  })
  surface.mount(app)
  await app.ready()
  t.after(async () => {
    await app.close()
    await close()
  })
  const graph = (method: InjectOptions['method'], url: string, payload?: object) =>
    app.inject({
      ...(method === undefined ? {} : { method }),
      url: `/graph/v1.0${url}`,
      headers: url.startsWith('/me/') ? { authorization: 'Bearer of-the-person' } : {},
      ...(payload && { payload }),
    })
  return {
    surface,
    database,
    resources,
    access,
    credentials,
    directory,
    graph,
    ...(await createGraphObjects(graph, principals.principal.objectId, principals.principal.appId)),
    ...principals,
    totpId: '6c65746f-7470-4f74-b000-000000000001',
    newPassword: prepareGeneratedPassword('quite another phrase'),
    createRegistry: (tx: Transaction, name: string) => createRegistry(modules, tx, name),
    assign: (tx: Transaction, principalId: string, scope: string) => assign(modules, tx, principalId, scope),
  }
}

type TestModules = Awaited<ReturnType<typeof openTestModules>>['modules']
type Principals = Awaited<ReturnType<typeof createPrincipals>>

function createRegistry({ resources }: TestModules, tx: Transaction, name: string) {
  return resources.createRegistry(tx, {
    subscriptionId,
    resourceGroup: 'default',
    name,
    location: 'local',
    change: {},
    author,
  })
}

async function assign({ access }: TestModules, tx: Transaction, principalId: string, scope: string): Promise<string> {
  const { name } = await access.createAssignment(tx, {
    name: randomUUID(),
    scope,
    roleDefinitionName: acrPull,
    principalId,
    principalType: 'ServicePrincipal',
    condition: null,
    conditionVersion: null,
    createdBy: 'test',
  })
  return name
}

/** Creates a registry, an owner, the service principal `ci` with a role, and the user Carol with a sign-in and second factors. */
async function createPrincipals(modules: TestModules, database: Database) {
  const { resources, credentials, directory } = modules
  return database.transaction(async (tx) => {
    await directory.createTenant(tx, { tenantId, displayName: 'Test', defaultDomain: 'contoso.example' })
    await resources.createSubscription(tx, { subscriptionId, tenantId, displayName: 'Test' })
    await resources.putResourceGroup(tx, group)
    const registry = await createRegistry(modules, tx, 'contoso')
    const owner = await credentials.createServicePrincipal(tx, { displayName: 'owner', directoryRole: 'owner' })
    const { servicePrincipal: principal, secret } = await credentials.createServicePrincipal(tx, { displayName: 'ci' })
    const assignment = await assign(modules, tx, principal.objectId, registry.id)
    const userPrincipalName = 'carol@contoso.example'
    const person = await directory.createUser(tx, {
      userPrincipalName,
      displayName: 'Carol',
      // This credential needs no slow hash.
      password: prepareGeneratedPassword('a long password'),
    })
    const { objectId } = person
    const signIn = await credentials.recordSignIn(tx, signInOf(person))
    const otherSignIn = await credentials.recordSignIn(tx, signInOf(person))
    await credentials.secondFactors.enrolTotp(tx, { objectId, userPrincipalName, issuer: 'Test' })
    const key = { objectId, credentialId: 'credential', publicKey: new Uint8Array(65), counter: 0, transports: [] }
    const passkey = await credentials.secondFactors.addPasskey(tx, { ...key, displayName: 'key' })
    const consent = { object_id: objectId, client_id: principal.appId, audience: 'arm', given_at_ms: 0 }
    await createConsents(database).put(tx, consent)
    await directory.externalPrincipals.preregister(tx, externalId, 'user')
    const passkeyId = passkey?.id ?? ''
    return {
      registry,
      owner: owner.servicePrincipal,
      principal,
      secret,
      assignment,
      person,
      signIn,
      otherSignIn,
      passkeyId,
    }
  })
}

/** Without a token, the caller is the owner; with a token, the caller is the user. */
function authenticateAs({ owner, person }: Principals): GraphAuthenticate {
  return (authorization) =>
    Promise.resolve({
      principal: authorization === undefined ? { kind: 'service-principal', ...owner } : { kind: 'user', ...person },
    })
}

/** Creates a secret of the service principal and two groups, through the Graph surface. */
async function createGraphObjects(
  graph: (method: InjectOptions['method'], url: string, payload?: object) => Promise<LightMyRequestResponse>,
  objectId: string,
  appId: string,
) {
  const found = await graph('GET', `/applications?$filter=${encodeURIComponent(`appId eq '${appId}'`)}`)
  const application = found.json<{ value: { id: string; passwordCredentials: { keyId: string }[] }[] }>().value[0]
  const own = await graph('POST', `/servicePrincipals/${objectId}/addPassword`, {})
  const create = async (displayName: string) =>
    (await graph('POST', '/groups', { ...newGroup, displayName })).json<{ id: string }>().id
  return {
    applicationId: application?.id ?? '',
    keyIds: [application?.passwordCredentials[0]?.keyId ?? '', own.json<{ keyId: string }>().keyId],
    groupId: await create('team'),
    otherGroupId: await create('others'),
  }
}

for (const kind of testDatabaseKinds) {
  describe(`the revision of authority, on ${kind}`, () => {
    test('moves with every write of a module by which a permission or a credential may end', async (t) => {
      for (const { method, effect, run } of writes) {
        const modules = await openModules(t, kind)
        const before = await modules.database.authorityRevision()
        await modules.database.transaction((transaction) => run(modules, transaction))
        const moved = (await modules.database.authorityRevision()) !== before
        assert.equal(moved, effect === 'moves', method)
      }
    })

    test('moves with every request to Graph by which a permission or a credential may end', async (t) => {
      const modules = await openModules(t, kind)
      const methods = new Map(modules.surface.routes.map(({ id, method }) => [id, method as InjectOptions['method']]))
      const all = graphWrites(modules)
      assert.deepEqual(
        all.map(({ id }) => id).toSorted(),
        [...methods].flatMap(([id, method]) => (method === 'GET' ? [] : [id])).toSorted(),
        'the table has every route that changes something',
      )
      for (const { id, effect, path: url, body } of all) {
        const before = await modules.database.authorityRevision()
        const answer = await modules.graph(methods.get(id), url, body)
        assert.ok(answer.statusCode < 300, `${id}: ${answer.body}`)
        const moved = (await modules.database.authorityRevision()) !== before
        assert.equal(moved, effect === 'moves', id)
      }
    })
  })
}

test('the table of writes has every method of the modules that takes a transaction', async (t) => {
  const modules = await openModules(t, usualDatabaseKind)
  // The tenant is created once, before anybody has a permission. The other methods take no transaction.
  const others = ['createTenant', 'addListener', 'endSignInsOfRemovedProviders']
  const writePattern =
    /^(?:create|put|update|delete|renew|remove|replace|reset|add|set|enable|disable|change|record|touch|endSign|signInExternal)/
  const isWrite = (name: string) => writePattern.test(name) && !others.includes(name)
  const { resources, access, directory, credentials } = modules
  const names = [resources, access, directory, credentials].flatMap((module) => Object.keys(module).filter(isWrite))
  assert.deepEqual(writes.map(({ method }) => method as string).toSorted(), names.toSorted())
})
