import { parseRepositoryName } from '../oci/repository-name.ts'

/** A permission of a scope map on repositories, in ARM's spelling. [ACR, scope maps] */
export type RepositoryPermission =
  'content/read' | 'content/write' | 'content/delete' | 'metadata/read' | 'metadata/write'

/** A permission of a scope map on a connected registry. [azure-cli acr/_utils.py] */
type GatewayPermission = 'config/read' | 'config/write' | 'message/read' | 'message/write'

/** One action of a scope map, in lower case. */
export type ScopeMapAction =
  /** `repository` is a repository's name, `*` for all, or `team/*` for all whose names begin with `team/`. */
  | { readonly target: 'repositories'; readonly repository: string; readonly permission: RepositoryPermission }
  | { readonly target: 'gateway'; readonly connectedRegistry: string; readonly permission: GatewayPermission }

/** All permissions on repositories. */
export const repositoryPermissions: readonly RepositoryPermission[] = [
  'content/read',
  'content/write',
  'content/delete',
  'metadata/read',
  'metadata/write',
]
/** All permissions on connected registries. */
export const gatewayPermissions: readonly GatewayPermission[] = [
  'config/read',
  'config/write',
  'message/read',
  'message/write',
]

const connectedRegistryPattern = /^[a-z0-9]{5,50}$/

/** Longer than any valid action: two words, a name of 255 characters and a permission. */
const maxLength = 320

/**
 * Parses an action of a scope map in any case, such as `repositories/team/app/content/read`. The only wildcards are `*`
 * and a trailing `/*`. [ACR, wildcards in scope maps]
 */
export function parseScopeMapAction(text: string): ScopeMapAction | undefined {
  if (text.length > maxLength) return undefined
  const match = /^([a-z]+)\/(.+)\/([a-z]+\/[a-z]+)$/.exec(text.toLowerCase())
  const [, target, name = '', word] = match ?? []
  switch (target) {
    case 'repositories': {
      const permission = repositoryPermissions.find((candidate) => candidate === word)
      if (permission === undefined || !isRepositoryPattern(name)) return undefined
      return { target, repository: name, permission }
    }
    case 'gateway': {
      const permission = gatewayPermissions.find((candidate) => candidate === word)
      if (permission === undefined || !connectedRegistryPattern.test(name)) return undefined
      return { target, connectedRegistry: name, permission }
    }
    default:
      return undefined
  }
}

/** Formats an action for ARM. */
export function formatScopeMapAction(action: ScopeMapAction): string {
  const name = action.target === 'repositories' ? action.repository : action.connectedRegistry
  return `${action.target}/${name}/${action.permission}`
}

/**
 * Returns the permissions on a repository by its name: those of all matching actions together. The repository need not
 * exist. Asking for `*` means all repositories, including future ones.
 */
export function permissionsByRepository(
  actions: readonly ScopeMapAction[],
): (repository: string) => ReadonlySet<RepositoryPermission> {
  const byPattern = new Map<string, Set<RepositoryPermission>>()
  for (const action of actions) {
    if (action.target !== 'repositories') continue
    const permissions = byPattern.get(action.repository)
    if (permissions === undefined) byPattern.set(action.repository, new Set([action.permission]))
    else permissions.add(action.permission)
  }
  return (repository) => {
    const allowed = new Set<RepositoryPermission>()
    for (const pattern of patternsOf(repository)) {
      for (const permission of byPattern.get(pattern) ?? []) allowed.add(permission)
    }
    return allowed
  }
}

/** The patterns that match a name: for `a/b/c`, they are `a/b/c`, `a/b/*`, `a/*` and `*`. */
function patternsOf(repository: string): Set<string> {
  const patterns = new Set([repository, '*'])
  for (let at = repository.indexOf('/'); at !== -1; at = repository.indexOf('/', at + 1)) {
    patterns.add(`${repository.slice(0, at)}/*`)
  }
  return patterns
}

function isRepositoryPattern(name: string): boolean {
  return name === '*' || parseRepositoryName(name.endsWith('/*') ? name.slice(0, -2) : name) !== undefined
}
