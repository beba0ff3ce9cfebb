import {
  type RepositoryPermission,
  parseScopeMapAction,
  permissionsByRepository,
} from '../standards/azure/scope-map-action.ts'
import type { RegistryRights } from './repository-rights.ts'
import { findSystemScopeMap } from './system-scope-maps.ts'

/*
 * What ACR's table says of each permission. To take a tag away is a change of metadata there, and what was deleted softly
 * is nobody's by a scope map. [acr-protocol §7.2]
 */
const actionsOf: Readonly<Record<RepositoryPermission, readonly string[]>> = {
  'content/read': ['pull'],
  'content/write': ['push'],
  'content/delete': ['delete'],
  'metadata/read': ['metadata_read'],
  'metadata/write': ['metadata_write', 'untag'],
}

/** The rights that a scope map gives. The catalog is never among them. An action that cannot be read gives nothing. */
function rightsOfScopeMap(actions: readonly string[]): RegistryRights {
  const permissionsOn = permissionsByRepository(
    actions.flatMap((text) => {
      const action = parseScopeMapAction(text)
      return action === undefined ? [] : [action]
    }),
  )
  return {
    allows: (right, repository) =>
      repository !== undefined &&
      [...permissionsOn(repository)].some((permission) => actionsOf[permission].includes(right)),
  }
}

/** The same for a scope map as it was found: its actions as JSON text, which are null where it is one of the system's. */
export function rightsOfStoredScopeMap(row: {
  readonly scope_map_key: string
  readonly actions: string | null
}): RegistryRights {
  if (row.actions === null) return rightsOfScopeMap(findSystemScopeMap(row.scope_map_key)?.actions ?? [])
  return rightsOfScopeMap(JSON.parse(row.actions) as string[])
}

/** What of a scope map gives a right on a repository; undefined for what none gives. */
export function permissionGiving(right: string): RepositoryPermission | undefined {
  return (Object.keys(actionsOf) as RepositoryPermission[]).find((permission) => actionsOf[permission].includes(right))
}
