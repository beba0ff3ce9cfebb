import type {
  AccessExplanation,
  AllowedPrincipal,
  AllowedPrincipalList,
  ModeChangeList,
} from '@acrux/shared/wire/api-types.ts'
import { type ArmPage, nextOf, readAll, readPage } from './arm-list.ts'
import { readJson, send } from './client.ts'
import { registryVersion } from './registry-document.ts'
import type { Permission, RoleAssignment, RoleDefinition } from './types.ts'

const authorizationVersion = '2022-04-01'

const authorizationPath = (scope: string, type: string) =>
  `arm${encodeURI(scope)}/providers/Microsoft.Authorization/${type}`

/** What the signed-in person may do at a scope. */
export function listPermissions(scope: string, signal: AbortSignal): Promise<readonly Permission[]> {
  return readAll(`${authorizationPath(scope, 'permissions')}?api-version=${authorizationVersion}`, signal)
}

/** Which role assignments a list has. Without properties, all. */
export type AssignmentFilter = {
  readonly principalId?: string | undefined
  /** The name of the role: a GUID. */
  readonly role?: string | undefined
}

/** The role assignments at a scope and above it. */
export function listAssignments(
  scope: string,
  filter: AssignmentFilter,
  signal: AbortSignal,
): Promise<readonly RoleAssignment[]> {
  return readAll(assignmentsPath(scope, filter, {}), signal)
}

/** How many role assignments a page has. */
const pageSize = 100

/** The first page of the same list. */
export function readAssignments(
  scope: string,
  filter: AssignmentFilter,
  signal: AbortSignal,
): Promise<ArmPage<RoleAssignment>> {
  return readPage(assignmentsPath(scope, filter, { $top: String(pageSize) }), signal)
}

function assignmentsPath(
  scope: string,
  { principalId, role }: AssignmentFilter,
  further: Readonly<Record<string, string>>,
): string {
  const terms = [
    'atScope()',
    ...(principalId === undefined ? [] : [`principalId eq '${principalId}'`]),
    ...(role === undefined ? [] : [`roleDefinitionId eq '/providers/Microsoft.Authorization/roleDefinitions/${role}'`]),
  ]
  const query = new URLSearchParams({ 'api-version': authorizationVersion, $filter: terms.join(' and '), ...further })
  return `${authorizationPath(scope, 'roleAssignments')}?${query.toString()}`
}

/** The roles that can be assigned at a scope. */
export function listRoles(scope: string, signal: AbortSignal): Promise<readonly RoleDefinition[]> {
  return readAll(`${authorizationPath(scope, 'roleDefinitions')}?api-version=${authorizationVersion}`, signal)
}

export type NewAssignment = {
  readonly roleDefinitionId: string
  readonly principalId: string
  readonly principalType: string
  readonly condition: string | null
  readonly description?: string | null
}

/** Creates a role assignment, or changes the condition of one. */
export async function putAssignment(id: string, assignment: NewAssignment): Promise<void> {
  const { condition, description, ...rest } = assignment
  const properties = {
    ...rest,
    ...(condition !== null && { condition, conditionVersion: '2.0' }),
    ...(typeof description === 'string' && { description }),
  }
  await send(`arm${encodeURI(id)}?api-version=${authorizationVersion}`, { method: 'PUT', body: { properties } })
}

/** The id of an assignment that does not exist yet. */
export const newAssignmentId = (scope: string): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`

export async function deleteAssignment(id: string): Promise<void> {
  await send(`arm${encodeURI(id)}?api-version=${authorizationVersion}`, { method: 'DELETE' })
}

export type NewRole = Pick<
  RoleDefinition['properties'],
  'roleName' | 'description' | 'assignableScopes' | 'permissions'
>

/** Creates a custom role, or replaces one. Its name is a GUID. */
export async function putRole(scope: string, name: string, properties: NewRole): Promise<void> {
  const path = `${authorizationPath(scope, 'roleDefinitions')}/${name}`
  const body = { properties: { ...properties, type: 'CustomRole' } }
  await send(`${path}?api-version=${authorizationVersion}`, { method: 'PUT', body })
}

export async function deleteRole(scope: string, name: string): Promise<void> {
  const path = `${authorizationPath(scope, 'roleDefinitions')}/${name}`
  await send(`${path}?api-version=${authorizationVersion}`, { method: 'DELETE' })
}

/** A permission in question. The repository is undefined for actions of the registry. */
export type Question = { readonly action: string; readonly repository: string | undefined }

function questionQuery({ action, repository }: Question): Record<string, string> {
  return { 'api-version': registryVersion, action, ...(repository !== undefined && { repository }) }
}

/** Whether a principal may do something, and why. The principal is an object id, `token:NAME`, `anonymous` or `admin`. */
export async function explainAccess(
  registryId: string,
  principal: string,
  question: Question,
  signal: AbortSignal,
): Promise<AccessExplanation> {
  const query = new URLSearchParams({ ...questionQuery(question), principal })
  const path = `arm${encodeURI(registryId)}/accessExplanation?${query.toString()}`
  return (await readJson<AccessExplanation>(path, { signal })).body
}

/** Who may do something. */
export async function listAllowed(
  registryId: string,
  question: Question,
  signal: AbortSignal,
): Promise<{ readonly list: AllowedPrincipalList; readonly principals: readonly AllowedPrincipal[] }> {
  const path = `arm${encodeURI(registryId)}/allowedPrincipals?${new URLSearchParams(questionQuery(question)).toString()}`
  const { body: list } = await readJson<AllowedPrincipalList>(path, { signal })
  const next = nextOf(list)
  const others = next === undefined ? [] : await readAll<AllowedPrincipal>(next, signal)
  return { list, principals: [...list.value, ...others] }
}

/** Changes properties of a registry. */
export async function changeRegistry(registryId: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
  await send(`arm${encodeURI(registryId)}?api-version=${registryVersion}`, { method: 'PATCH', body: { properties } })
}

/** A page of those who gain and lose what if the registry switches to a mode: the first one, or the one at a path. */
export async function readModeChanges(
  registryId: string,
  mode: ModeChangeList['roleAssignmentMode'],
  path: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly list: ModeChangeList; readonly next: string | undefined }> {
  const query = new URLSearchParams({ 'api-version': registryVersion, mode })
  const first = `arm${encodeURI(registryId)}/providers/Acrux.Server/modeChanges?${query.toString()}`
  const { body: list } = await readJson<ModeChangeList>(path ?? first, { signal })
  return { list, next: nextOf(list) }
}
