import { parseRepositoryName } from '../oci/repository-name.ts'

/** The actions on one resource that are requested, granted, or named in a challenge. */
export type AccessScope = {
  readonly type: string
  readonly name: string
  readonly actions: string[]
}

/** An action on a repository. [ACR, roles-and-permissions] */
export type RepositoryAction =
  'pull' | 'push' | 'delete' | 'metadata_read' | 'metadata_write' | 'deleted_read' | 'deleted_restore'

/** Every {@link RepositoryAction}; `*` stands for all of them. */
export const repositoryActions: readonly RepositoryAction[] = [
  'pull',
  'push',
  'delete',
  'metadata_read',
  'metadata_write',
  'deleted_read',
  'deleted_restore',
]

const maxScopes = 500
const maxTotalLength = 64 * 1024
const maxActionsOfOtherTypes = 32

const knownRepositoryActions: ReadonlySet<string> = new Set([...repositoryActions, '*'])

// The class in brackets is a hint to user interfaces and changes nothing. [distribution, auth/scope.md]
const typePattern = /^([a-z0-9]+(?:-[a-z0-9]+)*)(?:\([a-z0-9]+\))?$/
const otherNamePattern = /^[A-Za-z0-9._/*-]+(?::[A-Za-z0-9._/*-]+)?$/
const otherActionPattern = /^(?:[a-z][a-z_]*|\*)$/
const hostPrefixPattern = /^[a-z0-9]+(?:[.-][a-z0-9]+)*:[0-9]{1,5}\//
const maxNameLength = 320
const maxActionLength = 32

/**
 * Parses `scope` parameters. Each parameter is a list separated by spaces. [distribution, auth/scope.md;
 * RFC 6749 §3.3]
 *
 * Scopes of the same resource are merged, so order, spelling and repetition do not change the result. Malformed scopes and
 * those over the limits are dropped: a token with less access is valid, one with more would be a vulnerability.
 */
export function parseAccessScopes(values: readonly string[]): AccessScope[] {
  const actionsByKey = new Map<string, { type: string; name: string; actions: Set<string> }>()
  let remainingLength = maxTotalLength
  for (const value of values) {
    remainingLength -= value.length
    if (remainingLength < 0) break
    for (const text of value.split(' ')) {
      const scope = parseOne(text)
      if (scope === undefined) continue
      const key = `${scope.type}:${scope.name}`
      const merged = actionsByKey.get(key)
      if (merged !== undefined) addActions(merged.actions, scope.actions)
      else if (actionsByKey.size < maxScopes) {
        actionsByKey.set(key, { type: scope.type, name: scope.name, actions: new Set(scope.actions) })
      }
    }
  }
  return [...actionsByKey.values()].map(({ type, name, actions }) => ({ type, name, actions: [...actions].sort() }))
}

/** Formats a scope for challenges and token requests: `repository:team/app:pull,push`. */
export function formatAccessScope({ type, name, actions }: Readonly<AccessScope>): string {
  return `${type}:${name}:${actions.join(',')}`
}

/**
 * The allowed part of `asked`, in the same order. Resources without an allowed action are omitted. `*` in `asked` asks for
 * every allowed action, and `*` in `allowed` allows every requested action. [distribution, auth/token.md]
 */
export function intersectAccess(asked: readonly AccessScope[], allowed: readonly AccessScope[]): AccessScope[] {
  const granted: AccessScope[] = []
  for (const { type, name, actions } of asked) {
    const allowedActions = actionsOn(allowed, type, name)
    const kept = allowedActions.has('*')
      ? actions
      : actions.includes('*')
        ? [...allowedActions]
        : actions.filter((action) => allowedActions.has(action))
    if (kept.length > 0) granted.push({ type, name, actions: [...new Set(kept)].sort() })
  }
  return granted
}

/**
 * Whether `granted` includes all `actions` on the resource of this type and name. A granted `*` is every action. Names are
 * compared exactly and have no wildcards. An empty list of actions is never covered.
 */
export function covers(
  granted: readonly AccessScope[],
  type: string,
  name: string,
  actions: readonly string[],
): boolean {
  return actions.length > 0 && actions.every((action) => coversAction(granted, type, name, action))
}

/** The same as {@link covers}, for one action. */
export function coversAction(granted: readonly AccessScope[], type: string, name: string, action: string): boolean {
  return granted.some((scope) => {
    if (scope.type !== type || scope.name !== name) return false
    return scope.actions.includes(action) || scope.actions.includes('*')
  })
}

function actionsOn(scopes: readonly AccessScope[], type: string, name: string): Set<string> {
  const actions = new Set<string>()
  for (const scope of scopes) {
    if (scope.type === type && scope.name === name) addActions(actions, scope.actions)
  }
  return actions
}

function addActions(target: Set<string>, actions: Iterable<string>): void {
  for (const action of actions) {
    if (target.size < maxActionsOfOtherTypes) target.add(action)
  }
}

/** The first and the last colon are the separators: the name can contain one, before a port. */
function parseOne(text: string): AccessScope | undefined {
  const firstColon = text.indexOf(':')
  const lastColon = text.lastIndexOf(':')
  if (firstColon === lastColon) return undefined
  const type = typePattern.exec(text.slice(0, firstColon))?.[1]
  const name = text.slice(firstColon + 1, lastColon)
  if (type === undefined || !isName(type, name)) return undefined
  const actions = text
    .slice(lastColon + 1)
    .split(',')
    .map(currentSpelling)
    .filter((action) => isAction(type, action))
  return actions.length === 0 ? undefined : { type, name, actions }
}

function isName(type: string, name: string): boolean {
  if (name.length > maxNameLength) return false
  if (type !== 'repository') return otherNamePattern.test(name)
  // acr-cli asks for every repository with `repository:*:*`.
  return name === '*' || parseRepositoryName(name.replace(hostPrefixPattern, '')) !== undefined
}

function isAction(type: string, action: string): boolean {
  if (type === 'repository') return knownRepositoryActions.has(action)
  return action.length <= maxActionLength && otherActionPattern.test(action)
}

/** Preview versions of az from 2019 used another spelling for one action. */
function currentSpelling(action: string): string {
  return action === 'metadataRead' ? 'metadata_read' : action
}
