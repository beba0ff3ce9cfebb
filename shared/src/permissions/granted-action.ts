import type { RepositoryPattern } from './repository-pattern.ts'
import { patternText } from './repository-pattern.ts'

/** The actions that can be granted. Push and delete include pull, which clients need for both. */
export const grantedActions = ['pull', 'push', 'delete'] as const

export type GrantedAction = (typeof grantedActions)[number]

/** A built-in role for repositories. */
export type RepositoryRole = {
  readonly name: string
  /** Its data actions, such as `content/read`. */
  readonly actions: readonly string[]
}

const reader: RepositoryRole = {
  name: 'Container Registry Repository Reader',
  actions: ['content/read', 'metadata/read'],
}
const writer: RepositoryRole = {
  name: 'Container Registry Repository Writer',
  actions: [...reader.actions, 'content/write', 'metadata/write'],
}
const contributor: RepositoryRole = {
  name: 'Container Registry Repository Contributor',
  actions: [...writer.actions, 'content/delete', 'metadata/delete'],
}

/** The roles whose conditions name repositories. */
export const repositoryRoles: readonly RepositoryRole[] = [reader, writer, contributor]

/** How an action is granted. [acr-protocol §7.2, §9] */
export type GrantForm = {
  /** The actions of `accessExplanation` that it grants, its own first. */
  readonly rights: readonly string[]
  /** With permissions per repository: the role, and which of the role's actions the condition excludes. */
  readonly role: RepositoryRole
  readonly excluded: readonly string[]
  /** The action of the role that the permission requires. */
  readonly dataAction: string
  /** For a whole registry: the roles, the action's own first. */
  readonly registryRoles: readonly string[]
  /** The permissions of a scope map, the action's own first. */
  readonly permissions: readonly string[]
}

/** How each action is granted. */
export const grantForms: Readonly<Record<GrantedAction, GrantForm>> = {
  pull: {
    rights: ['pull', 'metadata_read'],
    role: reader,
    excluded: [],
    dataAction: 'content/read',
    registryRoles: ['AcrPull'],
    permissions: ['content/read', 'metadata/read'],
  },
  push: {
    rights: ['push', 'pull', 'metadata_read'],
    role: writer,
    excluded: ['metadata/write'],
    dataAction: 'content/write',
    registryRoles: ['AcrPush'],
    permissions: ['content/write', 'content/read', 'metadata/read'],
  },
  delete: {
    rights: ['delete', 'pull', 'metadata_read'],
    role: contributor,
    excluded: ['content/write', 'metadata/write'],
    dataAction: 'content/delete',
    registryRoles: ['AcrDelete', 'AcrPull'],
    permissions: ['content/delete', 'content/read', 'metadata/read'],
  },
}

/** The role that grants an action on all repositories, by the mode of the registry. [acr-protocol §9.1] */
export function roleFor(action: GrantedAction, isPerRepository: boolean): string {
  const { role, registryRoles } = grantForms[action]
  return isPerRepository ? role.name : (registryRoles[0] ?? '')
}

/** Whether an action can be granted. */
export function isGrantedAction(text: string): text is GrantedAction {
  return (grantedActions as readonly string[]).includes(text)
}

/** The action to grant so that another one is allowed. Undefined for an action that no grant includes. */
export function actionToGrant(action: string | undefined): GrantedAction | undefined {
  // Pull includes to read tags and metadata.
  const granted = action === 'metadata_read' ? 'pull' : action
  return granted !== undefined && isGrantedAction(granted) ? granted : undefined
}

/** An action of a scope map, such as `repositories/team/*\/content/read`. */
export function scopeMapAction(pattern: RepositoryPattern, permission: string): string {
  return `repositories/${patternText(pattern)}/${permission}`
}
