import { permitsAction, permitsDataAction } from '../spec/role-permissions.ts'
import type { RegistryInQuestion, RoleDefinition } from './index.ts'

/** What a role, or several together, allow on the repositories of a registry. */
export type RegistryRights = {
  /** Actions of an access scope of type `repository`. `untag` is ours: it takes a tag away without a right to delete. */
  readonly repository: ReadonlySet<string>
  readonly catalog: boolean
  readonly deletedCatalog: boolean
}

type Mode = RegistryInQuestion['roleAssignmentMode']

/** An action of an access scope, and what of a role allows it, in either mode. */
type Rule = { readonly action: string; readonly legacy: string; readonly abac: string }

const prefix = 'Microsoft.ContainerRegistry/registries/'

/*
 * In legacy mode data is guarded by actions of the control plane; where ACR has none of its own for what it does (locks,
 * the restoring of what was deleted) the name here is one that only a role with `*` holds. [acr-protocol §9.1]
 */
// prettier-ignore
const repositoryRules: readonly Rule[] = [
  { action: 'pull',            legacy: 'pull/read',                   abac: 'repositories/content/read' },
  { action: 'push',            legacy: 'push/write',                  abac: 'repositories/content/write' },
  { action: 'delete',          legacy: 'artifacts/delete',            abac: 'repositories/content/delete' },
  { action: 'metadata_read',   legacy: 'pull/read',                   abac: 'repositories/metadata/read' },
  { action: 'metadata_write',  legacy: 'repositories/metadata/write', abac: 'repositories/metadata/write' },
  { action: 'untag',           legacy: 'push/write',                  abac: 'repositories/metadata/write' },
  { action: 'deleted_read',    legacy: 'deleted/read',                abac: 'repositories/content/read' },
  { action: 'deleted_restore', legacy: 'deleted/restore/action',      abac: 'repositories/content/write' },
]
const catalogRule: Rule = { action: '*', legacy: 'pull/read', abac: 'catalog/read' }
const deletedCatalogRule: Rule = { action: '*', legacy: 'deleted/read', abac: 'catalog/read' }

/** No right at all. */
export const noRights: RegistryRights = { repository: new Set(), catalog: false, deletedCatalog: false }

/** Every right: the admin account's. */
export const allRights: RegistryRights = {
  repository: new Set(repositoryRules.map(({ action }) => action)),
  catalog: true,
  deletedCatalog: true,
}

/** What anybody may where anonymous pull is on. [acr-protocol §8] */
export const anonymousRights: RegistryRights = {
  repository: new Set(['pull', 'metadata_read']),
  catalog: true,
  deletedCatalog: false,
}

const remembered = {
  legacy: new WeakMap<RoleDefinition, RegistryRights>(),
  abac: new WeakMap<RoleDefinition, RegistryRights>(),
}

/** What a role allows, worked out once a role. */
export function rightsOfRole(role: RoleDefinition, mode: Mode): RegistryRights {
  const memory = mode === 'LegacyRegistryPermissions' ? remembered.legacy : remembered.abac
  const known = memory.get(role)
  if (known !== undefined) return known
  const allows = (rule: Rule) =>
    mode === 'LegacyRegistryPermissions'
      ? permitsAction(role.permissions, prefix + rule.legacy)
      : permitsDataAction(role.permissions, prefix + rule.abac)
  const rights = {
    repository: new Set(repositoryRules.filter(allows).map(({ action }) => action)),
    catalog: allows(catalogRule),
    deletedCatalog: allows(deletedCatalogRule),
  }
  memory.set(role, rights)
  return rights
}

/** The rights of several roles together: what one of them allows is allowed. */
export function uniteRights(all: readonly RegistryRights[]): RegistryRights {
  if (all.length === 1 && all[0] !== undefined) return all[0]
  return {
    repository: new Set(all.flatMap(({ repository }) => [...repository])),
    catalog: all.some(({ catalog }) => catalog),
    deletedCatalog: all.some(({ deletedCatalog }) => deletedCatalog),
  }
}
