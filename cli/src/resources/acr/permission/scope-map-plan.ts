import { type GrantedAction, grantForms, scopeMapAction } from '@acrux/shared/permissions/granted-action.ts'
import {
  type RepositoryPattern,
  covers,
  overlaps,
  patternOfScopeMap,
} from '@acrux/shared/permissions/repository-pattern.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { listArm } from '../../../clients/arm/arm.ts'
import { CommandFailure } from '../../../framework/command/failure.ts'
import { terminalLine } from '../../../framework/terminal/terminal-text.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'
import type { PermissionChange, ScopeMapUser } from './change.ts'
import { type PermissionRegistry, findChild, textsAt } from './permission-registry.ts'

/** A scope map of a scoped token, or of anonymous access. */
type UsedScopeMap = {
  readonly user: ScopeMapUser
  /** Undefined if anonymous callers have no scope map. */
  readonly name: string | undefined
  readonly actions: readonly string[]
  /** Whether nothing else uses the scope map, so that the command can change the scope map. */
  readonly isOwn: boolean
  /** Whether a scoped token is disabled. */
  readonly isDisabled: boolean
}

/** A scope map must have at least one action. This action has no effect. [docs, scoped tokens] */
const noPermission = 'gateway/none/config/read'

/** Reads the scope map of a scoped token, or of anonymous access. @throws CommandFailure if the token does not exist */
export async function readScopeMap(registry: PermissionRegistry, user: ScopeMapUser): Promise<UsedScopeMap> {
  const anonymous = nameOf(await findChild(registry, '/providers/Acrux.Server/anonymousAccess/default'))
  const token = user.kind === 'token' ? await requireToken(registry, user.name) : undefined
  const name = user.kind === 'token' ? nameOf(token) : anonymous
  const isDisabled = valueAt(token, 'properties.status') === 'disabled'
  if (name === undefined) return { user, name, actions: [], isOwn: false, isDisabled }
  const map = await findChild(registry, `/scopeMaps/${encodeURIComponent(name)}`)
  const tokens = await listArm(registry.account, `${registry.id}/tokens?api-version=${tokenVersion}`)
  const isSame = (other: string | undefined) => other?.toLowerCase() === name.toLowerCase()
  const users = tokens.filter((each) => isSame(nameOf(each))).length + (isSame(anonymous) ? 1 : 0)
  const isOwn = users === 1 && valueAt(map, 'properties.type') !== 'SystemDefined'
  return { user, name, actions: textsAt(map, 'properties.actions'), isOwn, isDisabled }
}

/** Plans how to add the missing parts of a permission to a scope map. @throws ApiError */
export async function planScopeMapGrant(
  registry: PermissionRegistry,
  map: UsedScopeMap,
  action: GrantedAction,
  pattern: RepositoryPattern,
): Promise<PermissionChange[]> {
  const added = grantForms[action].permissions
    .filter((permission) => !patternsIn(map, permission).some((each) => covers(each, pattern)))
    .map((permission) => scopeMapAction(pattern, permission))
  if (added.length === 0) return []
  const actions = [...map.actions.filter((each) => each !== noPermission), ...added]
  const names = added.map((each) => each.slice('repositories/'.length)).join(', ')
  return changesTo(registry, map, { actions, asNew: `with ${names}`, asChange: `add ${names} to` })
}

/**
 * Plans how to remove a permission from a scope map. Push and delete include pull, which is kept. @throws ApiError
 *
 */
export async function planScopeMapRevoke(
  registry: PermissionRegistry,
  map: UsedScopeMap,
  action: GrantedAction,
  pattern: RepositoryPattern,
): Promise<PermissionChange[]> {
  if (action === 'pull' && remainingOfScopeMap(map, 'pull', pattern).some((each) => each.action !== 'pull')) return []
  const { permissions } = grantForms[action]
  const removable = action === 'pull' ? permissions : permissions.slice(0, 1)
  const removed = map.actions.filter((each) => {
    const { permission, patterns } = parse(each)
    return removable.includes(permission) && patterns.some((one) => covers(pattern, one))
  })
  if (removed.length === 0) return []
  const actions = map.actions.filter((each) => !removed.includes(each))
  if (actions.length === 0 && map.user.kind === 'anonymous')
    return [{ kind: 'close-anonymous-access', description: 'deny anonymous callers access to all repositories' }]
  const left = actions.length === 0 ? [noPermission] : actions
  const names = removed.map((each) => each.slice('repositories/'.length)).join(', ')
  return changesTo(registry, map, { actions: left, asNew: `without ${names}`, asChange: `remove ${names} from` })
}

/** The parts of a scope map that allow an action on repositories of a pattern, grouped by the actual action. */
export function remainingOfScopeMap(
  map: UsedScopeMap,
  action: GrantedAction,
  pattern: RepositoryPattern,
): readonly { readonly action: GrantedAction; readonly pattern: RepositoryPattern }[] {
  const including = action === 'pull' ? (['push', 'delete', 'pull'] as const) : [action]
  return including.flatMap((each) =>
    patternsIn(map, grantForms[each].permissions[0] ?? '')
      .filter((one) => overlaps(one, pattern))
      .map((one) => ({ action: each, pattern: one })),
  )
}

/** The actions of a scope map after changes. */
export function afterChanges(map: UsedScopeMap, changes: readonly PermissionChange[]): UsedScopeMap {
  return changes.reduce((each, change) => {
    if (change.kind === 'close-anonymous-access') return { ...each, actions: [] }
    return 'actions' in change ? { ...each, actions: change.actions } : each
  }, map)
}

/** Changes the scope map. If other tokens also use the scope map, creates a changed copy for this user. */
async function changesTo(
  registry: PermissionRegistry,
  map: UsedScopeMap,
  { actions, asNew, asChange }: { readonly actions: string[]; readonly asNew: string; readonly asChange: string },
): Promise<PermissionChange[]> {
  const { name, isOwn, user } = map
  if (isOwn && name !== undefined)
    return [{ kind: 'change-scope-map', scopeMap: name, actions, description: `${asChange} the scope map ${name}` }]
  const copy = await freeName(registry, user)
  const origin =
    name === undefined ? '' : `as a copy of ${name}, which other tokens also use, for ${userPhrase(user)}, `
  return [
    {
      kind: 'create-scope-map',
      scopeMap: copy,
      actions,
      description: `create the scope map ${copy} ${origin}${asNew}`,
    },
    { kind: 'use-scope-map', scopeMap: copy, user, description: `use the scope map ${copy} for ${userPhrase(user)}` },
  ]
}

function userPhrase(user: ScopeMapUser): string {
  return user.kind === 'anonymous' ? 'anonymous callers' : `the scoped token ${terminalLine(user.name)}`
}

const maxScopeMapName = 50

async function freeName(registry: PermissionRegistry, user: ScopeMapUser): Promise<string> {
  const stem = user.kind === 'anonymous' ? 'anonymous-pull' : `${user.name.slice(0, 36)}-scope-map`
  for (let count = 1; ; count += 1) {
    const name = (count === 1 ? stem : `${stem}-${count}`).slice(0, maxScopeMapName)
    if ((await findChild(registry, `/scopeMaps/${name}`)) === undefined) return name
  }
}

async function requireToken(registry: PermissionRegistry, name: string): Promise<unknown> {
  const token = await findChild(registry, `/tokens/${encodeURIComponent(name)}`)
  if (token !== undefined) return token
  throw new CommandFailure(
    `the registry ${registry.name} has no scoped token '${terminalLine(name)}'`,
    3,
    `create it: acrux acr token create -r ${registry.name} -n ${shellWord(terminalLine(name))} --repository REPOSITORY content/read metadata/read`,
  )
}

function nameOf(user: unknown): string | undefined {
  const id = valueAt(user, 'properties.scopeMapId')
  return typeof id === 'string' ? id.split('/').at(-1) : undefined
}

function patternsIn(map: UsedScopeMap, wanted: string): RepositoryPattern[] {
  return map.actions.map(parse).flatMap(({ permission, patterns }) => (permission === wanted ? patterns : []))
}

/**
 * In `repositories/team/app/content/read`, the repository may contain slashes, and the permission contains exactly one
 * slash.
 */
function parse(action: string): { readonly permission: string; readonly patterns: readonly RepositoryPattern[] } {
  const [, repository, permission = ''] = /^repositories\/(.+)\/([^/]+\/[^/]+)$/.exec(action) ?? []
  const pattern = repository === undefined ? undefined : patternOfScopeMap(repository)
  return { permission, patterns: pattern === undefined ? [] : [pattern] }
}
