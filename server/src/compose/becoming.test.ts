import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import type { RouteDescription } from '../platform/http/surface.ts'
import type { Method, Tokens } from '../../testing/compose/test-routes.ts'
import { makeStranger, methodsOf, openServer, tokensOf } from '../../testing/compose/test-routes.ts'

const host = 'localhost:5443'
const ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const contributorRole = 'b24988ac-6180-42a0-ab88-20f7382dd24c'
const directoryOwnerRole = '62e90394-69f5-4237-9190-012177145e10'

/** The targets of the paths. Each target has the role Owner on the subscription. */
type Targets = {
  readonly user: string
  readonly group: string
  readonly application: string
  readonly servicePrincipal: string
  /** Paths of the management API. */
  readonly identity: string
  readonly machine: string
  /** A machine that any contributor controls. */
  readonly otherMachine: string
  /** A user without permissions. */
  readonly member: string
}

type Path = {
  readonly route: string
  /** The permission that the caller would gain. */
  readonly why: string
  readonly method: Method
  readonly url: (targets: Targets) => string
  readonly body: (targets: Targets) => object
}

const trust = (name: string) => ({
  issuer: 'https://ci.example.com',
  subject: `repo:${name}`,
  audiences: ['api://AzureADTokenExchange'],
})
const machineWith = (identity: string) => ({
  location: 'local',
  identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [identity]: {} } },
})
const passwordMethod = '28c10230-6103-485e-b985-444c60001490'
const certificate = { type: 'AsymmetricX509Cert', usage: 'Verify', key: 'AAAA' }

/** Every request after which its sender can act for another principal. */
const paths: readonly Path[] = [
  {
    route: 'graph.users.update',
    why: 'the caller knows the new password',
    method: 'PATCH',
    url: ({ user }) => `/graph/v1.0/users/${user}`,
    body: () => ({ passwordProfile: { password: 'correct horse battery', forceChangePasswordNextSignIn: false } }),
  },
  {
    route: 'graph.users.update',
    why: 'the caller signs in at the provider',
    method: 'PATCH',
    url: ({ user }) => `/graph/v1.0/users/${user}`,
    body: () => ({
      identities: [{ signInType: 'federated', issuer: 'https://id.example.com', issuerAssignedId: 'caller' }],
    }),
  },
  {
    route: 'graph.users.resetPassword',
    why: 'the caller knows the new password',
    method: 'POST',
    url: ({ user }) => `/graph/v1.0/users/${user}/authentication/methods/${passwordMethod}/resetPassword`,
    body: () => ({ newPassword: 'correct horse battery' }),
  },
  {
    route: 'graph.users.createAccessPass',
    why: 'the caller can set up the second factor',
    method: 'POST',
    url: ({ user }) => `/graph/v1.0/users/${user}/authentication/temporaryAccessPassMethods`,
    body: () => ({}),
  },
  {
    route: 'graph.users.createOneTimeLink',
    why: 'the caller can use the link',
    method: 'POST',
    url: ({ user }) => `/graph/v1.0/users/${user}/authentication/oneTimeLinks`,
    body: () => ({}),
  },
  {
    route: 'graph.groups.addMember',
    why: 'members have the roles of the group',
    method: 'POST',
    url: ({ group }) => `/graph/v1.0/groups/${group}/members/$ref`,
    body: ({ member }) => ({ '@odata.id': `https://${host}/graph/v1.0/directoryObjects/${member}` }),
  },
  {
    route: 'graph.applications.addPassword',
    why: 'the response contains the secret',
    method: 'POST',
    url: ({ application }) => `/graph/v1.0/applications/${application}/addPassword`,
    body: () => ({}),
  },
  {
    route: 'graph.servicePrincipals.addPassword',
    why: 'the response contains the secret',
    method: 'POST',
    url: ({ servicePrincipal }) => `/graph/v1.0/servicePrincipals/${servicePrincipal}/addPassword`,
    body: () => ({}),
  },
  {
    route: 'graph.applications.update',
    why: 'the caller has the key of the certificate',
    method: 'PATCH',
    url: ({ application }) => `/graph/v1.0/applications/${application}`,
    body: () => ({ keyCredentials: [certificate] }),
  },
  {
    route: 'graph.servicePrincipals.update',
    why: 'the caller has the key of the certificate',
    method: 'PATCH',
    url: ({ servicePrincipal }) => `/graph/v1.0/servicePrincipals/${servicePrincipal}`,
    body: () => ({ keyCredentials: [certificate] }),
  },
  {
    route: 'graph.federatedCredentials.create',
    why: 'the caller controls the repository',
    method: 'POST',
    url: ({ application }) => `/graph/v1.0/applications/${application}/federatedIdentityCredentials`,
    body: () => ({ name: 'caller', ...trust('caller') }),
  },
  {
    route: 'graph.federatedCredentials.update',
    why: 'the caller controls the repository',
    method: 'PATCH',
    url: ({ application }) => `/graph/v1.0/applications/${application}/federatedIdentityCredentials/present`,
    body: () => ({ subject: 'repo:changed' }),
  },
  {
    route: 'management.federatedCredentials.put',
    why: 'the caller controls the repository',
    method: 'PUT',
    url: ({ identity }) => `${identity}/federatedIdentityCredentials/caller?api-version=2023-01-31`,
    body: () => ({ properties: trust('identity') }),
  },
  {
    route: 'management.machines.put',
    why: 'the machine gets tokens for its identities',
    method: 'PUT',
    url: ({ otherMachine }) => `${otherMachine}?api-version=2024-07-10`,
    body: ({ identity }) => machineWith(identity),
  },
  {
    route: 'management.machines.patch',
    why: 'the machine gets tokens for its identities',
    method: 'PATCH',
    url: ({ otherMachine }) => `${otherMachine}?api-version=2024-07-10`,
    body: ({ identity }) => machineWith(identity),
  },
  {
    route: 'management.machines.enrollmentCode',
    why: 'the caller can enroll a machine of its own',
    method: 'POST',
    url: ({ machine }) => `${machine}/enrollmentCode?api-version=2024-07-10`,
    body: () => ({}),
  },
]

/**
 * The other routes that change something in these families, with the reason why no caller can act for a principal
 * through them.
 */
const others: Readonly<Record<string, string>> = {
  'graph.users.create': 'a new user has no permissions',
  'graph.users.delete': 'it ends the principal',
  'graph.users.revokeSignInSessions': 'it only revokes',
  'graph.users.endSignInSession': 'it only revokes',
  'graph.users.deleteSoftwareOathMethod': 'the password is still required',
  'graph.users.deleteFido2Method': 'the password is still required',
  'graph.users.deleteAccessPass': 'it only revokes',
  'graph.users.deleteOneTimeLink': 'it only revokes',
  'graph.groups.create': 'a new group has no roles',
  'graph.groups.update': 'names only',
  'graph.groups.delete': 'it only revokes',
  'graph.groups.removeMember': 'it only revokes',
  'graph.groups.addOwner': 'an owner of a group is checked when it adds a member',
  'graph.groups.removeOwner': 'it only revokes',
  'graph.applications.create': 'a new application has no permissions',
  'graph.applications.delete': 'it ends the principal',
  'graph.applications.removePassword': 'it only revokes',
  'graph.applications.addOwner': 'an owner of an application is checked when it adds a credential',
  'graph.applications.removeOwner': 'it only revokes',
  'graph.federatedCredentials.delete': 'it only revokes',
  'graph.servicePrincipals.create': 'a new service principal has no permissions',
  'graph.servicePrincipals.delete': 'it ends the principal',
  'graph.servicePrincipals.removePassword': 'it only revokes',
  'graph.directoryObjects.delete': 'it ends the principal',
  'graph.me.changePassword': 'the caller acts for itself, with its password',
  'graph.me.revokeSignInSessions': 'it only revokes',
  'graph.me.endSignInSession': 'it only revokes',
  'graph.roleAssignments.create': 'a role of the directory assigns no roles on resources',
  'graph.roleAssignments.delete': 'it only revokes',
  'graph.oauth2PermissionGrants.delete': 'it only revokes',
  'management.identities.put': 'a new identity has no permissions, and only tags of one that exists change',
  'management.identities.patch': 'tags only',
  'management.identities.delete': 'it ends the principal',
  'management.federatedCredentials.delete': 'it only revokes',
  'management.machines.delete': 'it ends the principal',
}

/** Whether a route changes something of a principal. Every route of Graph is about principals. */
const changesPrincipals = (route: RouteDescription) =>
  /^(graph|management\.(identities|federatedCredentials|machines))\./.test(route.id) &&
  methodsOf(route).some((method) => method !== 'GET') &&
  route.stepUp !== 'no: the request only reads data'

/** A server with targets, its owner, and a contributor of the resource group, who is also an owner of the directory. */
async function openTargets(t: TestContext, settings: Readonly<Record<string, unknown>> = {}) {
  const { server, first } = await openServer(t, undefined, settings)
  const owner = await tokensOf(server, first, first.servicePrincipal.appId, first.servicePrincipal.password)
  const send = (tokens: Tokens, method: Method, url: string, payload: object) => {
    const token = url.startsWith('/graph') ? tokens.graph : tokens.arm
    return server.app.inject({ method, url, headers: { host, authorization: `Bearer ${token}` }, payload })
  }
  const make = async (method: Method, url: string, payload: object) => {
    const answer = await send(owner, method, url, payload)
    assert.ok(answer.statusCode < 300, `${method} ${url}: ${answer.body}`)
    return answer.body === '' ? {} : answer.json<Record<string, string> & { properties?: Record<string, string> }>()
  }
  const subscription = `/subscriptions/${first.subscriptionId}`
  const group = `${subscription}/resourceGroups/${first.resourceGroup}`
  const assign = (principalId = '', role = ownerRole, scope = subscription) =>
    make('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`, {
      properties: {
        roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
        principalId,
      },
    })

  const makeUser = (name: string) =>
    make('POST', '/graph/v1.0/users', {
      accountEnabled: true,
      displayName: name,
      mailNickname: name,
      userPrincipalName: `${name}@acrux.localhost`,
      passwordProfile: { password: 'purple monkey dishwasher', forceChangePasswordNextSignIn: false },
    })
  const user = await makeUser('ada')
  const member = await makeUser('grace')
  const people = await make('POST', '/graph/v1.0/groups', {
    displayName: 'owners',
    mailEnabled: false,
    mailNickname: 'owners',
    securityEnabled: true,
  })
  const application = await make('POST', '/graph/v1.0/applications', { displayName: 'deploy' })
  const servicePrincipal = await make('POST', '/graph/v1.0/servicePrincipals', { appId: application['appId'] })
  await make('POST', `/graph/v1.0/applications/${application['id']}/federatedIdentityCredentials`, {
    name: 'present',
    ...trust('present'),
  })
  const identityPath = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/deploy`
  const machinePath = (name: string) => `${group}/providers/Microsoft.HybridCompute/machines/${name}`
  const identity = await make('PUT', `${identityPath}?api-version=2023-01-31`, { location: 'local' })
  const machineBody = { location: 'local', identity: { type: 'SystemAssigned' } }
  const machine = await make('PUT', `${machinePath('build')}?api-version=2024-07-10`, machineBody)
  await make('PUT', `${machinePath('other')}?api-version=2024-07-10`, machineBody)
  const machineIdentity = machine['identity'] as unknown as { readonly principalId: string }
  for (const id of [user['id'], people['id'], servicePrincipal['id'], identity.properties?.['principalId']])
    await assign(id)
  await assign(machineIdentity.principalId)

  const stranger = await makeStranger(server, first, owner.graph)
  const [found] = (
    await server.app.inject({
      url: `/graph/v1.0/servicePrincipals?$filter=${encodeURIComponent(`appId eq '${stranger.appId}'`)}`,
      headers: { host, authorization: `Bearer ${owner.graph}` },
    })
  ).json<{ value: { id: string }[] }>().value
  const strangerId = found?.id ?? ''
  await assign(strangerId, contributorRole, group)
  await make('POST', '/graph/v1.0/roleManagement/directory/roleAssignments', {
    principalId: strangerId,
    roleDefinitionId: directoryOwnerRole,
    directoryScopeId: '/',
  })
  const caller = await tokensOf(server, first, stranger.appId, stranger.secret)
  const targets: Targets = {
    user: user['id'] ?? '',
    group: people['id'] ?? '',
    application: application['id'] ?? '',
    servicePrincipal: servicePrincipal['id'] ?? '',
    identity: identityPath,
    machine: machinePath('build'),
    otherMachine: machinePath('other'),
    member: member['id'] ?? '',
  }
  return { server, send, owner, caller, targets }
}

test('a caller that cannot assign roles does not get to act for a principal that can', async (t) => {
  const { send, owner, caller, targets } = await openTargets(t)
  for (const { route, why, method, url, body } of paths) {
    await t.test(`${route}: ${why}`, async () => {
      const denied = await send(caller, method, url(targets), body(targets))
      assert.equal(denied.statusCode, 403, denied.body)
      assert.match(denied.body, /can assign roles at the scope|roleAssignments\/write/)
      const allowed = await send(owner, method, url(targets), body(targets))
      // This test sends no valid certificate, so the request of an owner fails only when the bytes are checked.
      const isCertificate = 'keyCredentials' in body(targets)
      assert.equal(allowed.statusCode < 300 || (isCertificate && allowed.statusCode === 400), true, allowed.body)
    })
  }
})

test('with the behaviour of Azure, such a caller gets to act for the principal', async (t) => {
  const { send, caller, targets } = await openTargets(t, { identityProtectRoleAssigners: false })
  for (const { route, method, url, body } of paths) {
    const answer = await send(caller, method, url(targets), body(targets))
    assert.notEqual(answer.statusCode, 403, `${route}: ${answer.body}`)
  }
})

test('each route that changes a principal is a path to act for the principal, or states why it is not', async (t) => {
  const { server } = await openServer(t)
  const changing = server.routes.filter(changesPrincipals)
  assert.ok(changing.length > 30, `${changing.length} routes`)
  const known = new Set([...paths.map(({ route }) => route), ...Object.keys(others)])
  assert.deepEqual(
    changing.map(({ id }) => id).filter((id) => !known.has(id)),
    [],
  )
  assert.deepEqual(
    [...known].filter((id) => !changing.some((route) => route.id === id)),
    [],
  )
})
