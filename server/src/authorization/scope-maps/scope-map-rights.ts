import {
  type RepositoryPermission,
  type ScopeMapAction,
  parseScopeMapAction,
  permissionsByRepository,
} from '@acrux/shared/standards/azure/scope-map-action.ts'
import { type RepositoryGuard, isNever } from '@acrux/shared/standards/conditions/role-condition-guard.ts'
import type { GivenScopeMap, RegistryRights } from '../rights/repository-rights.ts'
import { findSystemScopeMap } from './system-scope-maps.ts'

/*
 * The rights of each permission, as in ACR's table. In this table, deleting a tag is a change of metadata, and no scope
 * map grants rights on soft-deleted artifacts. [acr-protocol §7.2]
 */
const actionsOf: Readonly<Record<RepositoryPermission, readonly string[]>> = {
  'content/read': ['pull'],
  'content/write': ['push'],
  'content/delete': ['delete'],
  'metadata/read': ['metadata_read'],
  'metadata/write': ['metadata_write', 'untag'],
}

/** The rights of a scope map, which never include the catalogs. Unreadable actions grant nothing. */
function rightsOfActions(actions: readonly string[]): RegistryRights {
  const parsed = actions.flatMap((text) => {
    const action = parseScopeMapAction(text)
    return action === undefined ? [] : [action]
  })
  const permissionsOn = permissionsByRepository(parsed)
  const pullable = pullableBy(parsed)
  return {
    allows: (right, repository) =>
      repository === undefined
        ? right === 'repositories' && !isNever(pullable)
        : [...permissionsOn(repository)].some((permission) => actionsOf[permission].includes(right)),
    pullable: () => pullable,
  }
}

function pullableBy(actions: readonly ScopeMapAction[]): RepositoryGuard {
  const patterns = actions.flatMap((action) =>
    action.target === 'repositories' && actionsOf[action.permission].includes('pull') ? [action.repository] : [],
  )
  if (patterns.includes('*')) return { kind: 'any' }
  const prefixes = patterns.filter((pattern) => pattern.endsWith('/*')).map((pattern) => pattern.slice(0, -1))
  return { kind: 'names', names: patterns.filter((pattern) => !pattern.endsWith('/*')), prefixes }
}

/** A stored scope map. The name and the actions, which are JSON text, are null for a system-defined scope map. */
export type StoredScopeMap = {
  readonly scope_map_key: string
  readonly map_name: string | null
  readonly actions: string | null
}

/** The rights of a stored scope map. */
export function rightsOfStoredScopeMap(row: StoredScopeMap): RegistryRights {
  const scopeMap = () => readScopeMap(row)
  return { ...rightsOfActions(scopeMap().actions), scopeMap }
}

/** A scope map of a thousand actions has cached rights, but is parsed again for each explanation. */
function readScopeMap({ scope_map_key: key, map_name: name, actions }: StoredScopeMap): GivenScopeMap {
  if (name === null || actions === null) return findSystemScopeMap(key) ?? { name: key, actions: [] }
  return { name, actions: JSON.parse(actions) as string[] }
}

/** The permission of a scope map that grants a right on a repository, if such a permission exists. */
export function permissionGiving(right: string): RepositoryPermission | undefined {
  return (Object.keys(actionsOf) as RepositoryPermission[]).find((permission) => actionsOf[permission].includes(right))
}
