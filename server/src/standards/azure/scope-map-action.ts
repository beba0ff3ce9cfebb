import { parseRepositoryName } from '../oci/repository-name.ts'

/** What a scope map can allow on repositories, as ARM spells it. [ACR, scope maps] */
export type RepositoryPermission =
  'content/read' | 'content/write' | 'content/delete' | 'metadata/read' | 'metadata/write'

/** What a scope map can allow at a connected registry. [azure-cli acr/_utils.py] */
type GatewayPermission = 'config/read' | 'config/write' | 'message/read' | 'message/write'

/** One action of a scope map, in lower case. */
export type ScopeMapAction =
  /** `repository` is a repository's name, `*` for all, or `team/*` for all whose name begins with `team/`. */
  | { readonly target: 'repositories'; readonly repository: string; readonly permission: RepositoryPermission }
  | { readonly target: 'gateway'; readonly connectedRegistry: string; readonly permission: GatewayPermission }

const repositoryPermissions: readonly RepositoryPermission[] = [
  'content/read',
  'content/write',
  'content/delete',
  'metadata/read',
  'metadata/write',
]
const gatewayPermissions: readonly GatewayPermission[] = [
  'config/read',
  'config/write',
  'message/read',
  'message/write',
]

const connectedRegistryPattern = /^[a-z0-9]{5,50}$/

/** Longer than any that can be one: two words, a name of 255 characters and a permission. */
const maxLength = 320

/**
 * Reads an action of a scope map in any case, as `repositories/team/app/content/read`. A wildcard is `*` alone or at the
 * end behind a slash, and nowhere else. [ACR, wildcards in scope maps]
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

/** Writes an action as ARM carries it. */
export function formatScopeMapAction(action: ScopeMapAction): string {
  const name = action.target === 'repositories' ? action.repository : action.connectedRegistry
  return `${action.target}/${name}/${action.permission}`
}

/**
 * Gives the permissions on a repository by its name: those of every action that fits it together. Whether a repository of
 * that name is there makes no difference. What is asked for `*` is asked for all repositories, those to come among them.
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

/** The patterns that a name fits: of `a/b/c` it is `a/b/c`, `a/b/*`, `a/*` and `*`. */
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
