import type { RepositoryPermission } from '@acrux/shared/standards/azure/scope-map-action.ts'

/** A scope map that every registry has and that cannot be changed. */
export type SystemScopeMap = {
  readonly kind: 'SystemDefined'
  readonly name: string
  readonly description: string
  readonly actions: readonly string[]
}

/** The five scope maps of ACR by name, with actions in the order that ACR sends. [arm-facts §1] */
export const systemScopeMaps: readonly SystemScopeMap[] = [
  onEverything('_repositories_admin', 'Can perform all read, write and delete operations on the registry', [
    'metadata/read',
    'metadata/write',
    'content/read',
    'content/write',
    'content/delete',
  ]),
  onEverything('_repositories_pull', 'Can pull any repository of the registry', ['content/read']),
  onEverything('_repositories_pull_metadata_read', 'Can perform all read operations on the registry', [
    'content/read',
    'metadata/read',
  ]),
  onEverything('_repositories_push', 'Can push to any repository of the registry', ['content/read', 'content/write']),
  onEverything('_repositories_push_metadata_write', 'Can perform all read and write operations on the registry', [
    'metadata/read',
    'metadata/write',
    'content/read',
    'content/write',
  ]),
]

const byName = new Map(systemScopeMaps.map((map) => [map.name, map]))

/** Finds a system-defined scope map by name, case-insensitively. */
export function findSystemScopeMap(name: string): SystemScopeMap | undefined {
  return byName.get(name.toLowerCase())
}

function onEverything(name: string, description: string, permissions: readonly RepositoryPermission[]): SystemScopeMap {
  return { kind: 'SystemDefined', name, description, actions: permissions.map((each) => `repositories/*/${each}`) }
}
