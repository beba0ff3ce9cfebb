import { parseRepositoryName } from '../oci/repository-name.ts'

/** What a token lets its holder do with one thing: asked for, granted, or shown in a challenge. */
export type AccessScope = {
  readonly type: string
  readonly name: string
  readonly actions: string[]
}

/** What can be done with a repository. [ACR, roles-and-permissions] */
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
 * Reads `scope` parameters: any number of them, each a list separated by blanks. [distribution, auth/scope.md;
 * RFC 6749 §3.3]
 *
 * What is asked for the same thing is joined, so that order, spelling and repetition never change the answer. What is
 * malformed or beyond the bounds is dropped, since a smaller token is no error and a larger one would be.
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

/** Writes a scope as challenges and token requests carry it: `repository:team/app:pull,push`. */
export function formatAccessScope({ type, name, actions }: Readonly<AccessScope>): string {
  return `${type}:${name}:${actions.join(',')}`
}

/**
 * What of `asked` is allowed, in the order it was asked; things of which nothing is allowed are left out. `*` asks for
 * everything that is allowed, and allows everything that is asked. [distribution, auth/token.md]
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
 * Whether `granted` holds every one of `actions` on the thing of this type and name. `*` among the granted actions is
 * every action; names are compared to the letter and have no wildcard. Asking for no action at all is never covered.
 */
export function covers(
  granted: readonly AccessScope[],
  type: string,
  name: string,
  actions: readonly string[],
): boolean {
  const grantedActions = actionsOn(granted, type, name)
  return actions.length > 0 && actions.every((action) => grantedActions.has('*') || grantedActions.has(action))
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

/** The name may hold a colon itself (a host's port), so that the first and the last one separate. */
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
  // `repository:*:*` is how acr-cli asks for every repository; whether that is granted is for the rights to say.
  return name === '*' || parseRepositoryName(name.replace(hostPrefixPattern, '')) !== undefined
}

function isAction(type: string, action: string): boolean {
  if (type === 'repository') return knownRepositoryActions.has(action)
  return action.length <= maxActionLength && otherActionPattern.test(action)
}

/** Preview versions of az of 2019 spelt one action otherwise. */
function currentSpelling(action: string): string {
  return action === 'metadataRead' ? 'metadata_read' : action
}
