import type { ActionNeed } from './assigned-role.ts'
import type { RoleUnion } from './role-union.ts'
import type { RegistryInQuestion } from './model.ts'

/**
 * What somebody may do at a registry, by the actions of an access scope on a repository, and `catalog` and
 * `deleted_catalog` on none. `untag` is ours: it takes a tag away without a right to delete.
 */
export type RegistryRights = {
  allows(right: string, repository: string | undefined): boolean
}

/** A right, and what of a role gives it in either mode; one of several suffices. */
type Rule = { readonly right: string; readonly legacy: readonly string[]; readonly abac: readonly string[] }

const prefix = 'Microsoft.ContainerRegistry/registries/'

/*
 * In legacy mode data is guarded by actions of the control plane; where ACR has none of its own for what it does (locks,
 * the restoring of what was deleted) the name here is one that only a role with `*` holds. [acr-protocol §9.1]
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

/** Every right there is. */
export const everyRight: readonly string[] = [...repositoryRules, ...catalogRules].map(({ right }) => right)

/** What `*` asks for on a repository. */
export const everyRepositoryAction: readonly string[] = repositoryRules
  .map(({ right }) => right)
  .filter((right) => right !== 'untag')
  .sort()

const needs = {
  LegacyRegistryPermissions: needsBy(({ legacy }) => legacy, 'action'),
  AbacRepositoryPermissions: needsBy(({ abac }) => abac, 'data-action'),
} as const

type Mode = RegistryInQuestion['roleAssignmentMode']

/** What gives a right in a mode: any one of these. */
export function needsOf(right: string, mode: Mode): readonly ActionNeed[] {
  return needs[mode].get(right) ?? []
}

/**
 * The repository that conditions are told of. In legacy mode what is asked for is an action on the whole registry, which
 * has no repository, so that a condition on its name is not met there.
 */
export function repositoryInQuestion(repository: string | undefined, mode: Mode): string | undefined {
  return mode === 'AbacRepositoryPermissions' ? repository : undefined
}

/** Whether it is an action on a repository, ours included. */
export function isRepositoryAction(text: string): boolean {
  return text === 'untag' || everyRepositoryAction.includes(text)
}

/** What roles together give at a registry in a mode. */
export function rightsOfRoles(union: RoleUnion, mode: Mode): RegistryRights {
  return {
    allows: (right, repository) =>
      needsOf(right, mode).some((need) => union.allows(need, repositoryInQuestion(repository, mode))),
  }
}

/** No right at all. */
export const noRights: RegistryRights = { allows: () => false }

/** Every right: the admin account's. */
export const allRights: RegistryRights = {
  allows: (right) => needs.LegacyRegistryPermissions.has(right),
}

const anonymously = new Set(['pull', 'metadata_read', 'catalog'])

/** What anybody may where anonymous pull is on. [acr-protocol §8] */
export const anonymousRights: RegistryRights = { allows: (right) => anonymously.has(right) }

function needsBy(names: (rule: Rule) => readonly string[], kind: ActionNeed['kind']) {
  return new Map(
    [...repositoryRules, ...catalogRules].map((rule) => [
      rule.right,
      names(rule).map((name): ActionNeed => ({ kind, name: prefix + name })),
    ]),
  )
}
