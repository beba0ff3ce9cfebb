import { randomBytes, randomUUID } from 'node:crypto'
import type { Acrux, AcruxClock, Principal } from '../api/api.ts'
import { listAt, present, textAt } from '../wire/fields.ts'
import type { Session } from '../wire/session.ts'
import { after } from './clock.ts'

type Principals = Pick<Acrux, 'createUser' | 'createServicePrincipal' | 'createGroup' | 'grant' | 'asUser'>

/** A unique name for a principal of a test. */
const uniqueName = (kind: string) => `${kind}-${randomUUID().slice(0, 8)}`

/** The principals of an emulator. The functions use Graph and Resource Manager. */
export function createPrincipals(session: Session, owner: Principal, clock: AcruxClock): Principals {
  const { control, graph, signIn } = session
  return {
    createUser: async ({
      upn = `${uniqueName('user')}@acrux.test`,
      password = randomBytes(18).toString('base64url'),
    } = {}) => {
      // Graph rejects simple passwords, which tests may use.
      await control('POST', '/seed', { version: 1, users: [{ upn, password }] })
      const { json } = await graph('GET', `/users/${encodeURIComponent(upn)}`)
      return { kind: 'User', objectId: textAt(json, 'id'), upn, password }
    },
    createServicePrincipal: async ({ name = uniqueName('app'), secretExpiresIn } = {}) => {
      const endDateTime = secretExpiresIn && (await after(clock, secretExpiresIn))
      const application = (await graph('POST', '/applications', { displayName: name })).json
      const appId = textAt(application, 'appId')
      const passwordCredential = { displayName: 'test', ...present({ endDateTime }) }
      const added = await graph('POST', `/applications/${textAt(application, 'id')}/addPassword`, {
        passwordCredential,
      })
      const created = await graph('POST', '/servicePrincipals', { appId })
      const objectId = textAt(created.json, 'id')
      return { kind: 'ServicePrincipal', objectId, appId, secret: textAt(added.json, 'secretText') }
    },
    createGroup: async (name, members) => {
      const mailNickname = name.replaceAll(/[^\w.-]/g, '-')
      const body = { displayName: name, mailNickname, mailEnabled: false, securityEnabled: true }
      const objectId = textAt((await graph('POST', '/groups', body)).json, 'id')
      for (const member of members) {
        const reference = `${session.ready.url}/graph/v1.0/directoryObjects/${member.objectId}`
        await graph('POST', `/groups/${objectId}/members/$ref`, { '@odata.id': reference })
      }
      return { kind: 'Group', objectId }
    },
    grant: (to, role, options) => grant(session, { to, role, ...options }),
    asUser: (principal = owner) => ({
      getToken: async (scopes) => {
        const { token, seconds } = await signIn(principal, [scopes].flat().join(' '))
        return { token, expiresOnTimestamp: Date.now() + seconds * 1000 }
      },
    }),
  }
}

type Grant = { readonly to: Principal; readonly role: string; readonly scope?: string; readonly condition?: string }

const authorizationVersion = '2022-04-01'

async function grant(session: Session, { to, role, scope, condition }: Grant): ReturnType<Acrux['grant']> {
  const { arm } = session
  const at = scopeId(session, scope)
  const id = `${at}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
  const properties = {
    roleDefinitionId: await roleDefinitionId(session, at, role),
    principalId: to.objectId,
    principalType: to.kind,
    ...(condition !== undefined && { condition, conditionVersion: '2.0' }),
  }
  await arm('PUT', id, authorizationVersion, { properties })
  return { id, revoke: async () => void (await arm('DELETE', id, authorizationVersion)) }
}

/** The resource id of a scope: the scope itself, or the id of a registry in the first resource group. */
function scopeId({ ready }: Session, scope: string = ready.registry): string {
  return scope.startsWith('/') ? scope : registryId(ready, scope)
}

/** The resource id of a registry in the first resource group. */
export function registryId({ subscriptionId, resourceGroup }: Session['ready'], name: string): string {
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
  return `${group}/providers/Microsoft.ContainerRegistry/registries/${name}`
}

async function roleDefinitionId({ arm, ready }: Session, scope: string, role: string): Promise<string> {
  const definitions = `/providers/Microsoft.Authorization/roleDefinitions`
  if (/^[0-9a-f-]{36}$/i.test(role)) return `/subscriptions/${ready.subscriptionId}${definitions}/${role}`
  const filter = encodeURIComponent(`roleName eq '${role.replaceAll("'", "''")}'`)
  const { json } = await arm('GET', `${scope}${definitions}?$filter=${filter}`, authorizationVersion)
  const [found] = listAt(json, 'value')
  if (found === undefined) throw new RangeError(`there is no role "${role}" that can be assigned at ${scope}`)
  return textAt(found, 'id')
}
