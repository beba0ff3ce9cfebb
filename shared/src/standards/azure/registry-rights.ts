/** A right at a registry, and the actions of a role that grant it in each mode, without the prefix; any one suffices. */
type RegistryRightRule = {
  readonly right: string
  readonly legacy: readonly string[]
  readonly abac: readonly string[]
}

const prefix = 'Microsoft.ContainerRegistry/registries/'

/*
 * In legacy mode, actions of the control plane protect data. Where ACR has no such action (locks, restoring deleted
 * artifacts), the name is one that only roles with `*` permit. [acr-protocol §9.1]
 */
// prettier-ignore
/** The rights on a repository, and what grants them. `untag` is an extension: it permits deleting a tag without permitting deletion. */
const repositoryRightRules: readonly RegistryRightRule[] = [
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
/** The rights on the names of all repositories. */
const catalogRightRules: readonly RegistryRightRule[] = [
  { right: 'catalog',         legacy: ['pull/read'],                   abac: ['catalog/read'] },
  { right: 'deleted_catalog', legacy: ['deleted/read'],                abac: ['catalog/read'] },
]

/** The right to list the repositories that may be pulled. It is an extension, and follows from `pull` or `catalog`. */
export const repositoriesRight = 'repositories'

const repositoriesRule: RegistryRightRule = {
  right: repositoriesRight,
  legacy: ['pull/read'],
  abac: ['repositories/content/read', 'catalog/read'],
}

const ownRules = [...repositoryRightRules, ...catalogRightRules]
const rules = new Map([...ownRules, repositoriesRule].map((rule) => [rule.right, rule]))

/** The names of all rights that are granted by themselves. */
export const everyRight: readonly string[] = ownRules.map(({ right }) => right)

/** The rights on a repository. */
export const repositoryRights: readonly string[] = repositoryRightRules.map(({ right }) => right)

/** Whether a text is a right. */
export function isRight(text: string): boolean {
  return rules.has(text)
}

/** The actions that grant a right, with the prefix; any one suffices. None for an unknown right. */
export function actionsOfRight(right: string, mode: 'legacy' | 'abac'): readonly string[] {
  return (rules.get(right)?.[mode] ?? []).map((action) => prefix + action)
}
