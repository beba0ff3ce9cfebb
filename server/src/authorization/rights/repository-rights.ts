import type { ActionNeed, RegistryInQuestion } from './model.ts'

/**
 * Rights at a registry: the actions of an access scope on a repository, and `catalog` and `deleted_catalog` on no
 * repository. `untag` is an extension: it permits deleting a tag without permitting deletion.
 */
export type RegistryRights = {
  allows(right: string, repository: string | undefined): boolean
  /** Whether a right is granted on every repository, by a role without a condition. Absent where that is not known. */
  allowsEverywhere?(right: string): boolean
  /** The scope map that the rights come from. Absent if they come from roles, or from a setting of the registry. */
  scopeMap?(): GivenScopeMap
}

/** The scope map of a scoped token, or of anonymous access. */
export type GivenScopeMap = { readonly name: string; readonly actions: readonly string[] }

/** A right, and the actions of a role that grant it in each mode; any one suffices. */
type Rule = { readonly right: string; readonly legacy: readonly string[]; readonly abac: readonly string[] }

const prefix = 'Microsoft.ContainerRegistry/registries/'

/*
 * In legacy mode, actions of the control plane protect data. Where ACR has no such action (locks, restoring deleted
 * artifacts), the name is one that only roles with `*` permit. [acr-protocol §9.1]
 */
// prettier-ignore
const repositoryRules: readonly Rule[] = [
  { right: 'pull',            legacy: ['pull/read'],                   abac: ['repositories/content/read'] },
  { right: 'push',            legacy: ['push/write'],                  abac: ['repositories/content/write'] },
  { right: 'delete',          legacy: ['artifacts/delete'],            abac: ['repositories/content/delete'] },
  { right: 'metadata_read',   legacy: ['pull/read'],                   abac: ['repositories/metadata/read'] },
  { right: 'metadata_write',  legacy: ['repositories/metadata/write'], abac: ['repositories/metadata/write'] },
  { right: 'untag',           legacy: ['push/write'],                  abac: ['repositories/metadata/write', 'repositories/metadata/delete'] },
  { right: 'deleted_read',    legacy: ['deleted/read'],                abac: ['repositories/content/read'] },
  { right: 'deleted_restore', legacy: ['deleted/restore/action'],      abac: ['repositories/content/write'] },
]

// prettier-ignore
const catalogRules: readonly Rule[] = [
  { right: 'catalog',         legacy: ['pull/read'],                   abac: ['catalog/read'] },
  { right: 'deleted_catalog', legacy: ['deleted/read'],                abac: ['catalog/read'] },
]

/** All rights. */
export const everyRight: readonly string[] = [...repositoryRules, ...catalogRules].map(({ right }) => right)

/** The meaning of `*` on a repository. */
export const everyRepositoryAction: readonly string[] = repositoryRules
  .map(({ right }) => right)
  .filter((right) => right !== 'untag')

const needs = {
  LegacyRegistryPermissions: needsBy(({ legacy }) => legacy, 'action'),
  AbacRepositoryPermissions: needsBy(({ abac }) => abac, 'data-action'),
} as const

type Mode = RegistryInQuestion['roleAssignmentMode']

/** The actions that grant a right in a mode; any one suffices. */
export function needsOf(right: string, mode: Mode): readonly ActionNeed[] {
  return needs[mode].get(right) ?? []
}

/**
 * The repository that conditions see. In legacy mode, the action is on the whole registry, so that a condition on the
 * name of a repository is never met.
 */
export function repositoryInQuestion(repository: string | undefined, mode: Mode): string | undefined {
  return mode === 'AbacRepositoryPermissions' ? repository : undefined
}

/** Whether a text is an action on a repository, extensions included. */
export function isRepositoryAction(text: string): boolean {
  return text === 'untag' || everyRepositoryAction.includes(text)
}

/** No rights. */
export const noRights: RegistryRights = { allows: () => false }

/** All permissions, for the admin account. */
export const allRights: RegistryRights = {
  allows: (right) => needs.LegacyRegistryPermissions.has(right),
}

const anonymousRightNames = new Set(['pull', 'metadata_read', 'catalog'])

/** The rights of anonymous callers if anonymous pull is enabled. [acr-protocol §8] */
export const anonymousRights: RegistryRights = { allows: (right) => anonymousRightNames.has(right) }

function needsBy(names: (rule: Rule) => readonly string[], kind: ActionNeed['kind']) {
  return new Map(
    [...repositoryRules, ...catalogRules].map((rule) => [
      rule.right,
      names(rule).map((name): ActionNeed => ({ kind, name: prefix + name })),
    ]),
  )
}
