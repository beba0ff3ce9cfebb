import {
  actionsOfRight,
  everyRight,
  isRight,
  repositoriesRight,
  repositoryRights,
} from '@acrux/shared/standards/azure/registry-rights.ts'
import type { RepositoryGuard } from '@acrux/shared/standards/conditions/role-condition-guard.ts'
import type { ActionNeed, RegistryInQuestion } from './model.ts'

/**
 * Rights at a registry: the actions of an access scope on a repository, and `catalog`, `deleted_catalog` and
 * `repositories` without a repository. `untag` and `repositories` are extensions: `untag` permits deleting a tag
 * without permitting deletion, and `repositories` permits listing the repositories that may be pulled.
 */
export type RegistryRights = {
  allows(right: string, repository: string | undefined): boolean
  /**
   * Name patterns that match all repositories that may be pulled. The patterns are only a filter, and `allows` decides.
   */
  pullable(): RepositoryGuard
  /** Whether a right is granted on every repository, by a role without a condition. Absent where that is not known. */
  allowsEverywhere?(right: string): boolean
  /** The scope map that grants the rights. Absent if roles or a setting of the registry grant the rights. */
  scopeMap?(): GivenScopeMap
}

/** The scope map of a scoped token, or of anonymous access. */
export type GivenScopeMap = { readonly name: string; readonly actions: readonly string[] }

/** The meaning of `*` on a repository. */
export const everyRepositoryAction: readonly string[] = repositoryRights.filter((right) => right !== 'untag')

const needs = {
  LegacyRegistryPermissions: needsBy('legacy', 'action'),
  AbacRepositoryPermissions: needsBy('abac', 'data-action'),
} as const

type Mode = RegistryInQuestion['roleAssignmentMode']

/** The actions that grant a right in a mode; one action is sufficient. */
export function needsOf(right: string, mode: Mode): readonly ActionNeed[] {
  return needs[mode].get(right) ?? []
}

/**
 * The repository that conditions see. In legacy mode, the action is on the whole registry, so no action meets a
 * condition on the name of a repository.
 */
export function repositoryInQuestion(repository: string | undefined, mode: Mode): string | undefined {
  return mode === 'AbacRepositoryPermissions' ? repository : undefined
}

/** Whether a text is an action on a repository, extensions included. */
export function isRepositoryAction(text: string): boolean {
  return text === 'untag' || everyRepositoryAction.includes(text)
}

/** All repositories. */
const anyRepository: RepositoryGuard = { kind: 'any' }

/** No rights. */
export const noRights: RegistryRights = {
  allows: () => false,
  pullable: () => ({ kind: 'names', names: [], prefixes: [] }),
}

/** All permissions, for the admin account. */
export const allRights: RegistryRights = {
  allows: isRight,
  pullable: () => anyRepository,
}

const anonymousRightNames = new Set(['pull', 'metadata_read', 'catalog', 'repositories'])

/** The rights of anonymous callers if anonymous pull is enabled. [acr-protocol §8] */
export const anonymousRights: RegistryRights = {
  allows: (right) => anonymousRightNames.has(right),
  pullable: () => anyRepository,
}

function needsBy(mode: 'legacy' | 'abac', kind: ActionNeed['kind']) {
  return new Map(
    [...everyRight, repositoriesRight].map((right) => [
      right,
      actionsOfRight(right, mode).map((name): ActionNeed => ({ kind, name })),
    ]),
  )
}
