import { type ConditionRequest, type ConditionTree, plainActionMatch, plainTruth } from './role-conditions.ts'

/*
 * A second, plain answer to "who may do what", written from ACR's rules alone and without regard to speed, to hold the
 * server's against, in its own tests and over sockets. Nothing of the server is imported here. [acr-protocol §9, §9.1, §9.2]
 */

export type PlainRole = {
  readonly actions: readonly string[]
  readonly notActions: readonly string[]
  readonly dataActions: readonly string[]
  readonly notDataActions: readonly string[]
}

export type PlainAssignment = {
  readonly principal: string
  readonly role: string
  readonly scope: string
  /** `none`, or `unreadable` for a text that is no condition. */
  readonly condition: ConditionTree | 'none' | 'unreadable'
}

export type PlainWorld = {
  readonly roles: Readonly<Record<string, PlainRole>>
  readonly assignments: readonly PlainAssignment[]
}

export type PlainMode = 'LegacyRegistryPermissions' | 'AbacRepositoryPermissions'

const registries = 'Microsoft.ContainerRegistry/registries'

function role(actions: readonly string[], dataActions: readonly string[] = [], notActions: readonly string[] = []) {
  const whole = (names: readonly string[]) => names.map((name) => (name.includes('*') ? name : `${registries}/${name}`))
  return { actions: whole(actions), notActions, dataActions: whole(dataActions), notDataActions: [] }
}

const repositoryRead = ['repositories/metadata/read', 'repositories/content/read']
const repositoryWrite = [...repositoryRead, 'repositories/metadata/write', 'repositories/content/write']
const authorizationChanges = ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write']

/** The built-in roles that matter for data, as the table of §9 has them. */
export const plainBuiltInRoles: Readonly<Record<string, PlainRole>> = {
  Owner: role(['*']),
  Contributor: role(['*'], [], [...authorizationChanges, 'Microsoft.Authorization/elevateAccess/Action']),
  Reader: role(['*/read']),
  AcrPull: role(['pull/read']),
  AcrPush: role(['pull/read', 'push/write']),
  AcrDelete: role(['artifacts/delete']),
  AcrQuarantineReader: role(['quarantine/read'], ['quarantinedArtifacts/read']),
  'Container Registry Repository Reader': role([], repositoryRead),
  'Container Registry Repository Writer': role([], repositoryWrite),
  'Container Registry Repository Contributor': role(
    [],
    [...repositoryWrite, 'repositories/metadata/delete', 'repositories/content/delete'],
  ),
  'Container Registry Repository Catalog Lister': role([], ['catalog/read']),
  'Container Registry Data Importer and Data Reader': role(
    ['importImage/action', 'read', 'pull/read'],
    [...repositoryRead, 'catalog/read'],
  ),
}

/**
 * The actions that each right requires, in either mode. Only `*` grants the actions of the legacy mode that ACR does
 * not have.
 */
// prettier-ignore
const needs: Readonly<Record<string, { readonly legacy: string; readonly abac: readonly string[] }>> = {
  pull:            { legacy: 'pull/read',                   abac: ['repositories/content/read'] },
  push:            { legacy: 'push/write',                  abac: ['repositories/content/write'] },
  delete:          { legacy: 'artifacts/delete',            abac: ['repositories/content/delete'] },
  metadata_read:   { legacy: 'pull/read',                   abac: ['repositories/metadata/read'] },
  metadata_write:  { legacy: 'repositories/metadata/write', abac: ['repositories/metadata/write'] },
  untag:           { legacy: 'push/write',                  abac: ['repositories/metadata/write', 'repositories/metadata/delete'] },
  catalog:         { legacy: 'pull/read',                   abac: ['catalog/read'] },
}

/** The rights that are asked for. */
export const plainRights: readonly string[] = Object.keys(needs)

/** A registry, by its resource id and its mode. */
export type PlainRegistry = { readonly id: string; readonly mode: PlainMode }

/** Whether a principal, known by its own id and those of its groups, has a right at a registry. */
export function plainAllows(
  world: PlainWorld,
  ids: readonly string[],
  { id, mode }: PlainRegistry,
  { right, repository }: { readonly right: string; readonly repository: string | undefined },
): boolean {
  const need = needs[right]
  if (need === undefined) return false
  if (mode === 'LegacyRegistryPermissions') {
    return plainPermits(world, ids, id, {
      action: `${registries}/${need.legacy}`,
      isData: false,
      repository: undefined,
    })
  }
  return need.abac.some((name) =>
    plainPermits(world, ids, id, { action: `${registries}/${name}`, isData: true, repository }),
  )
}

/** Whether a principal may carry out an action of the management API at a scope. */
export function plainManages(world: PlainWorld, ids: readonly string[], scope: string, action: string): boolean {
  return plainPermits(world, ids, scope, { action, isData: false, repository: undefined })
}

/** What is asked, and whether the action is a data action. */
export type PlainWanted = ConditionRequest & { readonly isData: boolean }

/**
 * Whether one of the assignments permits what is asked. Assignments add up, so that each condition limits only its own
 * assignment. [How Azure RBAC determines if a user has access to a resource; Multiple role assignments]
 */
export function plainPermits(
  { roles, assignments }: PlainWorld,
  ids: readonly string[],
  scope: string,
  wanted: PlainWanted,
): boolean {
  const { action, isData } = wanted
  for (const assignment of assignments) {
    if (!ids.includes(assignment.principal)) continue
    if (!holdsAt(assignment.scope, scope)) continue
    const given = roles[assignment.role]
    if (given === undefined) continue
    const matches = (patterns: readonly string[]) => patterns.some((pattern) => plainActionMatch(pattern, action))
    const [granted, excluded] = isData ? [given.dataActions, given.notDataActions] : [given.actions, given.notActions]
    if (!matches(granted) || matches(excluded)) continue
    const { condition } = assignment
    if (condition === 'unreadable') continue
    if (condition === 'none' || plainTruth(condition, wanted) === 'true') return true
  }
  return false
}

function holdsAt(given: string, scope: string): boolean {
  const [outer, inner] = [given.toLowerCase(), scope.toLowerCase()]
  return outer === '/' || outer === inner || inner.startsWith(`${outer}/`)
}

/** Which action of a scope map gives a right. [acr-protocol §7.2] */
// prettier-ignore
const scopeMapNeeds: Readonly<Record<string, string>> = {
  pull: 'content/read', push: 'content/write', delete: 'content/delete', metadata_read: 'metadata/read', metadata_write: 'metadata/write',
}

/** Whether a scope map gives a right on a repository; it never gives the list of them. [acr-protocol §7.2] */
export function plainScopeMapAllows(
  actions: readonly string[],
  right: string,
  repository: string | undefined,
): boolean {
  return actions.some((action) => {
    const [, name = '', end] = /^repositories\/(.*)\/([^/]+\/[^/]+)$/.exec(action) ?? []
    if (repository === undefined || end !== scopeMapNeeds[right]) return false
    return name === '*' || name === repository || (name.endsWith('/*') && repository.startsWith(name.slice(0, -1)))
  })
}
