import type { Registry } from '../../resources/index.ts'
import { normalizeScope } from '@acrux/shared/standards/azure/resource-id.ts'

/** The types of resources within a registry. */
type ChildType = 'scopeMaps' | 'tokens'

/** Letters, digits and hyphens, and for scope maps underscores; 5 to 50 of them. [azure-mgmt-containerregistry, tokenName, scopeMapName] */
const namePatterns: Readonly<Record<ChildType, RegExp>> = {
  scopeMaps: /^[A-Za-z0-9_-]{5,50}$/,
  tokens: /^[A-Za-z0-9-]{5,50}$/,
}

/** Whether a text can be the name of such a resource. */
export function isChildName(type: ChildType, name: string): boolean {
  return namePatterns[type].test(name)
}

/** The id of a resource within a registry. */
export function childId({ id }: Pick<Registry, 'id'>, type: ChildType, name: string): string {
  return `${id}/${type}/${name}`
}

/** The id of a resource that Azure does not have, and that is attached to a registry. */
export function extensionId(
  { id }: Pick<Registry, 'id'>,
  type: 'imports' | 'quotas' | 'uploads',
  name: string,
): string {
  return `${id}/providers/Acrux.Server/${type}/${name}`
}

/** The name in an id, if the id is one of a resource of this registry; compared in any case. */
export function childNameIn(registry: Pick<Registry, 'id'>, type: ChildType, id: string): string | undefined {
  const prefix = normalizeScope(childId(registry, type, ''))
  const scope = normalizeScope(id)
  if (!scope.startsWith(`${prefix}/`)) return undefined
  const name = scope.slice(prefix.length + 1)
  return isChildName(type, name) ? name : undefined
}
