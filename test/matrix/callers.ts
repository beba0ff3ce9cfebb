import { randomUUID } from 'node:crypto'
import {
  arm,
  armScope,
  armToken,
  assignRole,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  registryId,
} from '../harness/arm.ts'
import type { ClientSecret } from '../harness/arm.ts'
import { listAt, stringAt } from '../harness/json.ts'
import { askToken, azClientId } from '../harness/person.ts'
import { askAccessToken, basic, type Credential } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { enrollBare } from '../machines/bare-machine.ts'
import { createIdentity, putMachine } from '../machines/machine.ts'
import { askExchange } from '../rights/tokens.ts'

/** Which kind of token a surface accepts. */
export type Audience = 'arm' | 'graph' | 'registry' | 'userinfo'

/** Somebody who asks. Undefined for a credential that they do not have: they then send requests without it. */
export interface Caller {
  /** As the golden file names them, and heads their column: three letters. */
  readonly name: string
  readonly column: string
  /** Their IdP access token for an audience. */
  readonly identityToken: (audience: Audience) => Promise<string | undefined>
  /** The credential that they send to the data plane's token endpoint. */
  readonly credential: () => Promise<Credential | undefined>
  /** The value of `Authorization` at the data plane, if they send a password there. */
  readonly basic: string | undefined
}

const audiences = (server: RunningServer): Readonly<Record<Audience, string>> => ({
  arm: armScope,
  graph: `${server.baseUrl}/graph//.default`,
  registry: 'https://containerregistry.azure.net/.default',
  userinfo: 'openid profile',
})

/** One role each, given on the subscription, so that it applies to everything that a route names. */
const rolesByColumn: Readonly<Record<string, string>> = {
  own: 'Owner',
  con: 'Contributor',
  rea: 'Reader',
  uaa: 'User Access Administrator',
  pul: 'AcrPull',
  psh: 'AcrPush',
  del: 'AcrDelete',
  rrd: 'Container Registry Repository Reader',
  rwr: 'Container Registry Repository Writer',
  rco: 'Container Registry Repository Contributor',
  cat: 'Container Registry Repository Catalog Lister',
}

const nothing = () => Promise.resolve(undefined)

const nobody: Caller = { name: 'nobody', column: 'nob', identityToken: nothing, credential: nothing, basic: undefined }

const anonymous: Caller = {
  name: 'a caller who asks for an anonymous token',
  column: 'ano',
  identityToken: nothing,
  credential: () => Promise.resolve('anonymous'),
  basic: undefined,
}

/** A caller by user name and password; `principal` where the pair is a service principal's too. */
function byPassword(column: string, name: string, username: string, password: string): Caller {
  return {
    name,
    column,
    identityToken: nothing,
    credential: () => Promise.resolve({ username, password }),
    basic: basic(username, password),
  }
}

function byClientSecret(server: RunningServer, column: string, name: string, principal: ClientSecret): Caller {
  return {
    ...byPassword(column, name, principal.appId, principal.password),
    identityToken: (audience) => armToken(server, principal, audiences(server)[audience]),
  }
}

/** A caller who has IdP access tokens and nothing else. */
function byIdentityToken(
  server: RunningServer,
  column: string,
  name: string,
  identityToken: (audience: Audience) => Promise<string>,
): Caller {
  return {
    name,
    column,
    identityToken,
    credential: async () => {
      const exchanged = expectStatus(await askExchange(server, await identityToken('registry')), 200).json()
      return { refreshToken: stringAt(exchanged, 'refresh_token') }
    },
    basic: undefined,
  }
}

async function roleIds(server: RunningServer, scope: string): Promise<ReadonlyMap<string, string>> {
  const listed = await arm(
    server,
    'GET',
    `${scope}/providers/Microsoft.Authorization/roleDefinitions?api-version=2022-04-01`,
  )
  const definitions = listAt(expectStatus(listed, 200).json(), 'value')
  return new Map(definitions.map((one) => [stringAt(one, 'properties', 'roleName'), stringAt(one, 'name')]))
}

/** A person who is in a group that is in a group that has the role. */
async function makePerson(server: RunningServer, scope: string, role: string): Promise<Caller> {
  const password = `P${randomUUID()}`
  const userPrincipalName = `person-${randomUUID()}@acrux.localhost`
  const user = { accountEnabled: true, displayName: 'Person', userPrincipalName, passwordProfile: { password } }
  const made = async (path: string, body: object) =>
    stringAt(expectStatus(await graph(server, 'POST', path, body), 201).json(), 'id')
  const objectId = await made('/users', user)
  const group = { mailEnabled: false, securityEnabled: true }
  const inner = await made('/groups', { ...group, displayName: 'inner', mailNickname: 'inner' })
  const outer = await made('/groups', { ...group, displayName: 'outer', mailNickname: 'outer' })
  const put = async (into: string, id: string) => {
    const reference = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${id}` }
    expectStatus(await graph(server, 'POST', `/groups/${into}/members/$ref`, reference), 204)
  }
  await put(inner, objectId)
  await put(outer, inner)
  await assignRole(server, { id: outer, type: 'Group' }, role, scope)
  return byIdentityToken(server, 'per', 'a person in a group in a group with AcrPull', async (audience) => {
    const scopes = `${audiences(server)[audience]} openid offline_access`
    const fields = {
      grant_type: 'password',
      client_id: azClientId,
      username: userPrincipalName,
      password,
      scope: scopes,
    }
    return stringAt(expectStatus(await askToken(server, fields), 200).json(), 'access_token')
  })
}

async function makeManagedIdentity(server: RunningServer, scope: string, role: string): Promise<Caller> {
  const identity = await createIdentity(server, 'matrix-identity')
  await putMachine(server, 'matrix-machine', [identity])
  await assignRole(server, identity.objectId, role, scope)
  const ask = await enrollBare(server, 'matrix-machine')
  const name = 'a user-assigned managed identity of a machine, with AcrPush'
  return byIdentityToken(server, 'man', name, async (audience) => {
    const answer = await ask(audiences(server)[audience].replace(/\/\.default$/, ''), identity)
    return stringAt(expectStatus(answer, 200).json(), 'access_token')
  })
}

/** A scoped token with one of the scope maps that every registry has. */
async function makeScopedToken(server: RunningServer, column: string, map: string): Promise<Caller> {
  const registry = registryId(server)
  const tokenId = `${registry}/tokens/matrix-${column}`
  const properties = { scopeMapId: `${registry}/scopeMaps/${map}`, status: 'enabled' }
  expectStatus(await arm(server, 'PUT', tokenId, { properties }), 200, 201)
  const made = expectStatus(await arm(server, 'POST', `${registry}/generateCredentials`, { tokenId }), 200).json()
  const password = stringAt(made, 'passwords', 0, 'value')
  return byPassword(column, `a scoped token with ${map}`, stringAt(made, 'username'), password)
}

/** Creates a caller of every kind, on a server that accepts passwords of people at the token endpoint. */
export async function makeCallers(server: RunningServer): Promise<readonly Caller[]> {
  const scope = `/subscriptions/${server.firstRun.subscriptionId}`
  const ids = await roleIds(server, scope)
  const idOf = (name: string): string => {
    const id = ids.get(name)
    if (id === undefined) throw new Error(`there is no role ${name}`)
    return id
  }
  const admin = await enableAdmin(server)
  const none = await createServicePrincipal(server, 'none')
  const withRoles: Caller[] = []
  for (const [column, name] of Object.entries(rolesByColumn)) {
    const principal = await createServicePrincipal(server, name)
    await assignRole(server, principal.objectId, idOf(name), scope)
    withRoles.push(byClientSecret(server, column, `a service principal with ${name}`, principal))
  }
  return [
    nobody,
    anonymous,
    byPassword('wrg', 'a service principal with a wrong secret', none.appId, `${none.password.slice(0, -1)}!`),
    byPassword('adm', 'the admin account', admin.username, admin.password),
    byClientSecret(server, 'non', 'a service principal without a role', none),
    ...withRoles,
    await makePerson(server, scope, idOf('AcrPull')),
    await makeManagedIdentity(server, scope, idOf('AcrPush')),
    await makeScopedToken(server, 'tpu', '_repositories_pull'),
    await makeScopedToken(server, 'tps', '_repositories_push'),
    await makeScopedToken(server, 'tad', '_repositories_admin'),
    byClientSecret(
      server,
      'dir',
      'the first service principal: Owner, and an owner of the directory',
      server.firstRun.servicePrincipal,
    ),
  ]
}

/** The `Authorization` of a caller at the data plane: a password, or a token for these scopes; undefined if they get none. */
export async function dataPlaneAuthorization(
  server: RunningServer,
  caller: Caller,
  scopes: readonly string[],
): Promise<string | undefined> {
  if (caller.basic !== undefined) return caller.basic
  const credential = await caller.credential()
  if (credential === undefined) return undefined
  const answer = await askAccessToken(server, credential, scopes)
  return answer.status === 200 ? `Bearer ${stringAt(answer.json(), 'access_token')}` : undefined
}
