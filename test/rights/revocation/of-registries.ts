import {
  arm,
  armToken,
  as,
  assignRole,
  createRegistry,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  principalWithRole,
  registryId,
  roles,
  setAnonymousPull,
} from '../../harness/arm.ts'
import { request } from '../../harness/http.ts'
import { accessToken, askAccessToken, basic, get, onRegistry, pushImage, registryUrl } from '../../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../../harness/scoped-tokens.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { Given, Revocation } from './case.ts'
import { byExchange, byIdentityTokens, byPassword, pull, type Holding, type Where } from './held.ts'

const read = 'repositories/team/app/content/read'
const path = '/v2/team/app/manifests/1'
let made = 0

/** A registry of its own, with the image in it. */
async function ownRegistry(server: RunningServer): Promise<Where & { id: string }> {
  made += 1
  const registry = await createRegistry(server, `registry${made}`)
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(onRegistry(server, registry), 'team/app', '1', basic(appId, password))
  return { ...registry, registry: registry.name }
}

/** The admin account of a registry of its own, by one of the passwords. */
async function adminAccount(server: RunningServer, kind: 'password' | 'password2') {
  const where = await ownRegistry(server)
  const admin = await enableAdmin(server, where.registry)
  const byName = (name: 'password' | 'password2') =>
    byPassword(server, { username: admin.username, password: admin[name] }, where)
  return { where, held: await byName(kind), other: await byName(kind === 'password' ? 'password2' : 'password') }
}

/** The access of an anonymous caller at a registry. */
async function anonymous(server: RunningServer, where: Where): Promise<Holding> {
  const bearer = `Bearer ${await accessToken(server, 'anonymous', [pull], where)}`
  return {
    bearer: () => get(server, path, bearer, where),
    password: () => askAccessToken(server, 'anonymous', [pull], where),
  }
}

async function patch(server: RunningServer, { registry }: Where, properties: object): Promise<unknown> {
  return expectStatus(await arm(server, 'PATCH', registryId(server, registry), { properties }), 200)
}

/** A program that reads a registry of its own, with all of its credentials. */
async function reader(server: RunningServer, where: Where): Promise<Holding> {
  const principal = await principalWithRole(server, 'reader', roles.reader, where.registry)
  const identity = await byIdentityTokens(server, await armToken(server, principal), { where })
  return {
    ...identity,
    ...(await byPassword(server, { username: principal.appId, password: principal.password }, where)),
  }
}

/** A scoped token of the first registry with a scope map of its own. */
async function scopedToken(server: RunningServer) {
  made += 1
  const map = await putScopeMap(server, `scope-map-${made}`, [read])
  const token = await createScopedToken(server, `token-${made}`, `scope-map-${made}`)
  const [held, other] = [
    await byPassword(server, token),
    await byPassword(server, { username: token.username, password: token.password2 }),
  ]
  const change = async (properties: object): Promise<unknown> =>
    expectStatus(await arm(server, 'PATCH', token.id, { properties }), 201)
  return { map, token, held, other, change }
}

function scopedTokens(server: RunningServer): Revocation[] {
  type Made = Awaited<ReturnType<typeof scopedToken>>
  const one = (
    when: string,
    fields: readonly string[],
    loss: 'credential' | 'right',
    take: (made: Made) => Promise<unknown>,
  ): Revocation => ({
    when,
    fields,
    loss,
    give: async () => {
      const made = await scopedToken(server)
      return { held: made.held, take: () => take(made) }
    },
  })
  const ofOnePassword = (when: string, take: (made: Made) => Promise<unknown>): Revocation => ({
    when,
    fields: ['scoped_token_password'],
    loss: 'credential',
    give: async () => {
      const made = await scopedToken(server)
      return { held: made.held, kept: made.other, take: () => take(made) }
    },
  })
  const remapped = ['scoped_token.scope_map_id', 'scoped_token.scope_map_key']
  const whole = ['scoped_token', 'scoped_token_password']
  return [
    one('the scope map of a scoped token loses the action', ['scope_map.actions'], 'right', async ({ map }) =>
      expectStatus(
        await arm(server, 'PATCH', map, { properties: { actions: ['repositories/team/other/content/read'] } }),
        201,
      ),
    ),
    one('a scoped token is given another scope map', remapped, 'right', async ({ change }) =>
      change({ scopeMapId: await putScopeMap(server, 'nothing', ['repositories/none/content/read']) }),
    ),
    one('a scoped token is disabled', ['scoped_token.enabled'], 'credential', ({ change }) =>
      change({ status: 'disabled' }),
    ),
    one('a scoped token is deleted', whole, 'credential', async ({ token }) =>
      expectStatus(await arm(server, 'DELETE', token.id), 200),
    ),
    one('a scoped token is deleted and made again', whole, 'credential', async ({ token }) => {
      expectStatus(await arm(server, 'DELETE', token.id), 200)
      await createScopedToken(server, token.username, '_repositories_pull')
    }),
    ofOnePassword('a password of a scoped token is generated again', async ({ token }) => {
      const body = { tokenId: token.id, name: 'password1' }
      return expectStatus(await arm(server, 'POST', `${registryId(server)}/generateCredentials`, body), 200)
    }),
    ofOnePassword('a password of a scoped token is removed', ({ change }) =>
      change({ credentials: { passwords: [{ name: 'password2' }] } }),
    ),
  ]
}

function openToAnybody(server: RunningServer): Revocation[] {
  const one = (
    when: string,
    fields: readonly string[],
    loss: 'right' | 'credential',
    take: (where: Where, id: string) => Promise<unknown>,
  ): Revocation => ({
    when,
    fields,
    loss,
    give: async () => {
      const where = await ownRegistry(server)
      const scopeMapId = await putScopeMap(server, 'everybody', [read], where.registry)
      const id = `${where.id}/providers/Acrux.Server/anonymousAccess/default`
      expectStatus(await arm(server, 'PUT', id, { properties: { scopeMapId } }), 201)
      return { where, held: await anonymous(server, where), take: () => take(where, id) }
    },
  })
  return [
    {
      when: 'anonymous pull is turned off',
      fields: ['registry.properties.anonymousPullEnabled'],
      loss: 'right',
      give: async () => {
        const where = await ownRegistry(server)
        await setAnonymousPull(server, true, where.registry)
        return {
          where,
          held: await anonymous(server, where),
          take: () => setAnonymousPull(server, false, where.registry),
        }
      },
    },
    one('the scope map for everybody loses the action', ['scope_map.actions'], 'right', ({ registry }) =>
      putScopeMap(server, 'everybody', ['repositories/none/content/read'], registry),
    ),
    one(
      'everybody is given another scope map',
      ['anonymous_access.scope_map_id', 'anonymous_access.scope_map_key'],
      'right',
      async ({ registry }, id) => {
        const scopeMapId = await putScopeMap(server, 'nothing', ['repositories/none/content/read'], registry)
        return expectStatus(await arm(server, 'PUT', id, { properties: { scopeMapId } }), 200)
      },
    ),
    one('nothing is open to everybody any more', ['anonymous_access'], 'right', async (_where, id) =>
      expectStatus(await arm(server, 'DELETE', id), 200),
    ),
  ]
}

function adminAccounts(server: RunningServer): Revocation[] {
  const renewed = ['generation', 'hash', 'sealed'].map((column) => `admin_password.${column}`)
  return [
    ...(['password', 'password2'] as const).map((name): Revocation => ({
      when: `the ${name} of the admin account is renewed`,
      fields: renewed,
      loss: 'credential',
      give: async () => {
        const { where, held, other: kept } = await adminAccount(server, name)
        const path = `${registryId(server, where.registry)}/regenerateCredential`
        return { where, held, kept, take: async () => expectStatus(await arm(server, 'POST', path, { name }), 200) }
      },
    })),
    {
      when: 'the admin account is turned off',
      fields: ['registry.properties.adminUserEnabled'],
      loss: 'credential',
      give: async () => {
        const { where, held } = await adminAccount(server, 'password2')
        return { where, held, take: () => patch(server, where, { adminUserEnabled: false }) }
      },
    },
  ]
}

const acrScope = 'https://containerregistry.azure.net/.default'

/** What a registry requires of all callers: the audience of their tokens, their address, and its mode. */
function settings(server: RunningServer): Revocation[] {
  type Setting = {
    readonly keys: readonly string[]
    readonly loss: 'address' | 'credential'
    readonly give: (where: Where) => Promise<Omit<Given, 'where' | 'take'>>
    readonly before?: object
    readonly after: object
  }
  const one = (when: string, { keys, loss, give, before, after }: Setting): Revocation => ({
    when,
    fields: keys.map((key) => `registry.properties.${key}`),
    loss,
    give: async () => {
      const where = await ownRegistry(server)
      if (before !== undefined) await patch(server, where, before)
      return { ...(await give(where)), where, take: () => patch(server, where, after) }
    },
  })
  const rules = (value: string) => ({
    networkRuleSet: { defaultAction: 'Deny', ipRules: [{ action: 'Allow', value }] },
  })
  const everything = async (where: Where) => {
    const { arm: atArm, ...held } = await reader(server, where)
    return {
      held: [held, await byPassword(server, await enableAdmin(server, where.registry), where)],
      kept: { arm: atArm },
    }
  }
  return [
    one('the network rules no longer allow the address', {
      keys: ['networkRuleSet'],
      loss: 'address',
      give: everything,
      before: rules('127.0.0.1'),
      after: rules('203.0.113.7'),
    }),
    one('the registry is closed to the public network', {
      keys: ['publicNetworkAccess'],
      loss: 'address',
      give: everything,
      after: { publicNetworkAccess: 'Disabled' },
    }),
    one('the registry stops accepting tokens for ARM', {
      keys: ['policies.azureADAuthenticationAsArmPolicy'],
      loss: 'credential',
      give: async (where) => {
        const principal = await principalWithRole(server, 'both', roles.acrPull, where.registry)
        const { arm: _, ...held } = await byIdentityTokens(server, await armToken(server, principal), { where })
        return { held, kept: await byExchange(server, await armToken(server, principal, acrScope), { where }) }
      },
      after: { policies: { azureADAuthenticationAsArmPolicy: { status: 'disabled' } } },
    }),
    one('the registry is switched to the other mode', {
      keys: ['roleAssignmentMode', 'tokenGeneration'],
      loss: 'credential',
      give: async (where) => {
        const admin = await enableAdmin(server, where.registry)
        const { bearer, 'version check': versionCheck, ...kept } = await byPassword(server, admin, where)
        return { held: { bearer, 'version check': versionCheck }, kept }
      },
      after: { roleAssignmentMode: 'AbacRepositoryPermissions' },
    }),
  ]
}

/** The owner's credential at the data plane. */
function ownerOf({ firstRun: { servicePrincipal } }: RunningServer): string {
  return basic(servicePrincipal.appId, servicePrincipal.password)
}

function registryDeleted(server: RunningServer): Revocation {
  return {
    when: 'the registry is deleted and made again',
    fields: [
      'registry',
      'admin_password',
      'role_assignment',
      'scope_map',
      'scoped_token',
      'scoped_token_password',
      'anonymous_access',
    ],
    loss: 'credential',
    give: async () => {
      const where = await ownRegistry(server)
      const scopeMapId = await putScopeMap(server, 'everybody', [read], where.registry)
      const access = `${where.id}/providers/Acrux.Server/anonymousAccess/default`
      expectStatus(await arm(server, 'PUT', access, { properties: { scopeMapId } }), 201)
      const token = await createScopedToken(server, 'nightly', 'everybody', where.registry)
      const admin = await enableAdmin(server, where.registry)
      const ofAdmin = await byPassword(server, admin, where)
      const ofToken = await byPassword(server, token, where)
      const { bearer: ofAnybody } = await anonymous(server, where)
      // The program's secret is nothing of the registry: what it loses is the right.
      const { bearer, refresh, exchange, 'version check': versionCheck } = await reader(server, where)
      const ofReader = { bearer, refresh, exchange, 'version check': versionCheck }
      const take = async () => {
        expectStatus(await arm(server, 'DELETE', where.id), 200)
        await createRegistry(server, where.registry)
        await pushImage(onRegistry(server, where), 'team/app', '1', ownerOf(server))
        await enableAdmin(server, where.registry)
      }
      return { where, held: [ofAdmin, ofToken, { bearer: ofAnybody }, ofReader], take }
    },
  }
}

function repositoryDeleted(server: RunningServer): Revocation {
  return {
    when: 'the repository is deleted and pushed again',
    fields: ['repository'],
    loss: 'credential',
    give: async () => {
      const where = await ownRegistry(server)
      const { bearer, 'version check': _, ...kept } = await reader(server, where)
      const take = async () => {
        const url = `${registryUrl(server, where)}/acr/v1/team%2Fapp`
        expectStatus(
          await request({ method: 'DELETE', url, headers: { authorization: ownerOf(server) }, caFile: server.caFile }),
          202,
        )
        await pushImage(onRegistry(server, where), 'team/app', '1', ownerOf(server))
      }
      return { where, held: { bearer }, kept, take }
    },
  }
}

function resourceGroupDeleted(server: RunningServer): Revocation {
  return {
    when: 'the resource group is deleted',
    fields: ['registry', 'admin_password', 'role_assignment'],
    loss: 'right',
    give: async () => {
      const group = `/subscriptions/${server.firstRun.subscriptionId}/resourceGroups/passing`
      const id = `${group}/providers/Microsoft.ContainerRegistry/registries/passing`
      const make = async () => {
        expectStatus(await arm(server, 'PUT', group, { location: 'local' }), 201)
        expectStatus(
          await arm(server, 'PUT', id, { location: 'local', sku: { name: 'Basic' }, properties: {} }),
          200,
          201,
        )
      }
      await make()
      const principal = await createServicePrincipal(server, 'passing')
      await assignRole(server, principal.objectId, roles.reader, group)
      const identity = await armToken(server, principal)
      const take = async () => {
        expectStatus(await arm(server, 'DELETE', group), 200, 202)
        await make()
      }
      return { held: { arm: () => arm(as(server, identity), 'GET', id) }, take }
    },
  }
}

/** What registries have of their own: the admin account, scoped tokens, anonymous access, and their settings. */
export function registriesRevocations(server: RunningServer): Revocation[] {
  return [
    ...adminAccounts(server),
    ...scopedTokens(server),
    ...openToAnybody(server),
    ...settings(server),
    registryDeleted(server),
    repositoryDeleted(server),
    resourceGroupDeleted(server),
  ]
}
