import { randomUUID } from 'node:crypto'
import {
  arm,
  armToken,
  assignRole,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  removeRole,
  resourceGroupId,
  roles,
} from '../../harness/arm.ts'
import { stringAt } from '../../harness/json.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { Given, Revocation } from './case.ts'
import { byIdentityTokens, byPassword, firstRegistry, type Where } from './held.ts'

/** Grants a permission to a principal, and returns what revokes it. */
type Give = (objectId: string) => Promise<() => Promise<unknown>>

/** A permission of a program: how and where it is granted, and the access that it gives. */
interface Right {
  readonly give: Give
  /** The first registry, unless another is named. */
  readonly where?: Where
  /** It reads the registry in the management API too, as a role of data alone does not. */
  readonly manages?: true
  /** A role without the permission remains, which is enough to exchange a token. */
  readonly leavesRole?: true
}

/** A program by its secret and by its tokens, after it was granted a permission. */
async function program(server: RunningServer, right: Right): Promise<Given> {
  const { where = firstRegistry(server) } = right
  const principal = await createServicePrincipal(server, 'somebody')
  const take = await right.give(principal.objectId)
  const password = await byPassword(server, { username: principal.appId, password: principal.password }, where)
  const all = await byIdentityTokens(server, await armToken(server, principal), { where })
  const { arm: atArm, exchange, ...others } = { ...password, ...all }
  const held = { ...others, ...(right.manages && { arm: atArm }), ...(!right.leavesRole && { exchange }) }
  return { held, take, where, ...(right.leavesRole && { kept: { exchange } }) }
}

const registries = 'Microsoft.ContainerRegistry/registries'
const nameIs = (name: string): string => `@Request[${registries}/repositories:name] StringEquals '${name}'`

/** A role on a registry under a condition; the second condition takes the place of the first. */
function conditioned(server: RunningServer, { registry }: Where, before: string, after: string): Give {
  return async (principalId) => {
    const id = `${registryId(server, registry)}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
    const role = 'b93aa761-3e63-49ed-ac28-beffa264f7ac'
    const put = async (condition: string): Promise<unknown> =>
      expectStatus(
        await arm(server, 'PUT', id, {
          properties: { roleDefinitionId: roleId(server, role), principalId, condition },
        }),
        200,
        201,
      )
    await put(before)
    return () => put(after)
  }
}

function roleId({ firstRun: { subscriptionId } }: RunningServer, name: string): string {
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${name}`
}

/** What a custom role allows. With `read`, a principal without data permissions can still exchange a token. */
interface Permissions {
  actions?: readonly string[]
  notActions?: readonly string[]
  dataActions?: readonly string[]
  notDataActions?: readonly string[]
}

function customRole(server: RunningServer, { registry }: Where, before: Permissions, after: Permissions): Give {
  return async (objectId) => {
    const name = randomUUID()
    const put = async (permissions: Permissions): Promise<unknown> => {
      const assignableScopes = [`/subscriptions/${server.firstRun.subscriptionId}`]
      const properties = { roleName: `Custom ${name}`, permissions: [permissions], assignableScopes }
      return expectStatus(await arm(server, 'PUT', roleId(server, name), { properties }), 201)
    }
    await put(before)
    await assignRole(server, objectId, name, registryId(server, registry))
    return () => put(after)
  }
}

async function makeGroup(server: RunningServer, displayName: string): Promise<string> {
  const body = { displayName, mailNickname: displayName, mailEnabled: false, securityEnabled: true }
  return stringAt(expectStatus(await graph(server, 'POST', '/groups', body), 201).json(), 'id')
}

async function addMember(server: RunningServer, groupId: string, memberId: string): Promise<void> {
  const body = { '@odata.id': `${server.baseUrl}/graph/v1.0/directoryObjects/${memberId}` }
  expectStatus(await graph(server, 'POST', `/groups/${groupId}/members/$ref`, body), 204)
}

/** How each of two nested groups ends; the outer one has the role. */
function inGroups(server: RunningServer, end: (ids: { inner: string; outer: string; member: string }) => string): Give {
  return async (member) => {
    const [inner, outer] = [await makeGroup(server, 'inner'), await makeGroup(server, 'outer')]
    await addMember(server, outer, inner)
    await addMember(server, inner, member)
    await assignRole(server, { id: outer, type: 'Group' }, roles.reader, registryId(server))
    return async () => expectStatus(await graph(server, 'DELETE', end({ inner, outer, member })), 204)
  }
}

/** Role assignments, their conditions, custom roles and groups. */
export function rightsRevocations(server: RunningServer, abac: Where): Revocation[] {
  const here = firstRegistry(server)
  const ofProgram = (when: string, fields: string[], right: Right): Revocation => ({
    when,
    fields,
    loss: 'right',
    give: () => program(server, right),
  })
  const assignment = (where: string, scope: string): Revocation => {
    const give: Give = async (objectId) => {
      const id = await assignRole(server, objectId, roles.reader, scope)
      return () => removeRole(server, id)
    }
    return ofProgram(`a role assignment ${where} is deleted`, ['role_assignment'], { give, manages: true })
  }
  const custom = (
    what: string,
    key: string,
    where: Where,
    roles: { before: Permissions; after: Permissions },
  ): Revocation => {
    const give = customRole(server, where, roles.before, roles.after)
    return ofProgram(`a custom role ${what}`, [`role_definition.permissions.${key}`], { give, where, leavesRole: true })
  }
  const grouped = (when: string, fields: string[], end: Parameters<typeof inGroups>[1]): Revocation =>
    ofProgram(when, fields, { give: inGroups(server, end), manages: true })

  const pulls = `${registries}/pull/read`
  const others = `${registries}/artifacts/delete`
  const reads = `${registries}/repositories/content/read`
  const ofGroup = ['group_member', 'directory_group']
  return [
    assignment('on the registry', registryId(server)),
    assignment('on its resource group', resourceGroupId(server)),
    assignment('on the subscription', `/subscriptions/${server.firstRun.subscriptionId}`),
    ofProgram('a condition is narrowed', ['role_assignment.condition'], {
      give: conditioned(server, abac, nameIs('team/app'), nameIs('team/api')),
      where: abac,
      leavesRole: true,
    }),
    custom('loses an action', 'actions', here, { before: { actions: [pulls] }, after: { actions: [others] } }),
    custom('excepts an action', 'notActions', here, {
      before: { actions: ['*'] },
      after: { actions: ['*'], notActions: [pulls] },
    }),
    custom('loses a data action', 'dataActions', abac, {
      before: { dataActions: [reads] },
      after: { dataActions: [`${registries}/catalog/read`] },
    }),
    custom('excepts a data action', 'notDataActions', abac, {
      before: { dataActions: ['*'] },
      after: { dataActions: ['*'], notDataActions: [reads] },
    }),
    grouped(
      'the member leaves the group',
      ['group_member'],
      ({ inner, member }) => `/groups/${inner}/members/${member}/$ref`,
    ),
    grouped(
      'the group leaves the group that has the role',
      ['group_member'],
      ({ inner, outer }) => `/groups/${outer}/members/${inner}/$ref`,
    ),
    grouped('the group of the member is deleted', ofGroup, ({ inner }) => `/groups/${inner}`),
    grouped(
      'the group that has the role is deleted',
      [...ofGroup, 'role_assignment'],
      ({ outer }) => `/groups/${outer}`,
    ),
  ]
}
