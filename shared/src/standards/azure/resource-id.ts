import { parseGuid } from './guid.ts'

/** The parts of the id of a subscription, a resource group or a resource in either, in the case in which they were written. */
export type ResourceId = {
  /** In lower case. */
  readonly subscriptionId: string
  readonly resourceGroup?: string
  /** The resource provider's namespace, as `Microsoft.ContainerRegistry`. */
  readonly provider?: string
  /** The type without its provider, as `registries`. */
  readonly type?: string
  readonly name?: string
  /** Resources within the resource, outermost first, as `{ type: 'scopeMaps', name: 'readers' }`. */
  readonly children: readonly { readonly type: string; readonly name: string }[]
}

/** The parts of the id of a resource that is attached to a scope, as a role assignment is. */
export type ExtensionId = {
  /** The scope as written; `/` is the tenant. */
  readonly scope: string
  readonly provider: string
  readonly type: string
  readonly name: string
}

const maxLength = 2048
const segmentPattern = /^(?!\.{1,2}$)[A-Za-z0-9_.()-]{1,260}$/

/** Parses a resource id. Its keywords are matched in any case. Undefined for a collection. [ARM, resource ids] */
export function parseResourceId(text: string): ResourceId | undefined {
  const segments = splitId(text)
  if (segments === undefined || !isWord(segments[0], 'subscriptions')) return undefined
  const subscriptionId = parseGuid(segments[1] ?? '')
  if (subscriptionId === undefined) return undefined
  let rest = segments.slice(2)
  let resourceGroup: string | undefined
  if (isWord(rest[0], 'resourceGroups')) {
    resourceGroup = rest[1]
    if (resourceGroup === undefined) return undefined
    rest = rest.slice(2)
  }
  const container = { subscriptionId, ...(resourceGroup !== undefined && { resourceGroup }) }
  if (rest.length === 0) return { ...container, children: [] }
  const [word, provider, ...path] = rest
  const resources = readPairs(path)
  if (!isWord(word, 'providers') || provider === undefined || resources === undefined) return undefined
  const [resource, ...children] = resources
  return resource === undefined ? undefined : { ...container, provider, ...resource, children }
}

/** Parses the id of a resource that is attached to a scope: everything before its last `/providers/`. */
export function parseExtensionId(text: string): ExtensionId | undefined {
  const segments = splitId(text)
  if (segments === undefined) return undefined
  const at = segments.length - 4
  const [word, provider, type, name] = segments.slice(at < 0 ? segments.length : at)
  if (!isWord(word, 'providers') || provider === undefined || type === undefined || name === undefined) return undefined
  const scope = `/${segments.slice(0, at).join('/')}`
  return scopeChain(scope).length === 0 ? undefined : { scope, provider, type, name }
}

/** The id of a subscription. */
export function subscriptionId(subscription: string): string {
  return `/subscriptions/${subscription}`
}

/** The id of a resource group. */
export function resourceGroupId(subscription: string, group: string): string {
  return `${subscriptionId(subscription)}/resourceGroups/${group}`
}

/** The id of a registry. */
export function registryId(subscription: string, group: string, name: string): string {
  return `${resourceGroupId(subscription, group)}/providers/Microsoft.ContainerRegistry/registries/${name}`
}

/** The id of a user-assigned managed identity. */
export function userAssignedIdentityId(subscription: string, group: string, name: string): string {
  return `${resourceGroupId(subscription, group)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
}

/** The id of a machine outside Azure. */
export function hybridMachineId(subscription: string, group: string, name: string): string {
  return `${resourceGroupId(subscription, group)}/providers/Microsoft.HybridCompute/machines/${name}`
}

/**
 * The id of a role definition in a subscription, or in the tenant if `subscription` is empty. Clients
 * join assignments with definitions by this text. [az-cli-wire §4.7]
 */
export function roleDefinitionId(subscription: string, name: string): string {
  return `${subscription === '' ? '' : subscriptionId(subscription)}/providers/Microsoft.Authorization/roleDefinitions/${name}`
}

/** The id of a role assignment at a scope. */
export function roleAssignmentId({ scope, name }: { readonly scope: string; readonly name: string }): string {
  return `${scope === '/' ? '' : scope}/providers/Microsoft.Authorization/roleAssignments/${name}`
}

/**
 * Every scope whose role assignments apply at `id`, from the tenant `/` to `id` itself, normalized. Empty for an invalid
 * scope, so that no assignment applies there.
 */
export function scopeChain(id: string): string[] {
  if (normalizeScope(id) === '/') return ['/']
  const parsed = parseResourceId(id)
  if (parsed === undefined) return []
  const chain = ['/', subscriptionId(parsed.subscriptionId)]
  if (parsed.resourceGroup !== undefined) chain.push(resourceGroupId(parsed.subscriptionId, parsed.resourceGroup))
  if (parsed.provider !== undefined && parsed.type !== undefined && parsed.name !== undefined) {
    let scope = `${chain.at(-1)}/providers/${parsed.provider}/${parsed.type}/${parsed.name}`
    chain.push(scope)
    for (const { type, name } of parsed.children) {
      scope += `/${type}/${name}`
      chain.push(scope)
    }
  }
  return chain.map(normalizeScope)
}

/** The normalized scope, for comparisons: in lower case, without a trailing slash. Only `/` becomes `/`. */
export function normalizeScope(id: string): string {
  if (id === '/') return id
  let end = id.length
  while (end > 0 && id[end - 1] === '/') end--
  return id.slice(0, end).toLowerCase()
}

/** Whether `scope` is `ancestor` or below it. Only the tenant is an ancestor of every scope. */
export function isWithinScope(scope: string, ancestor: string): boolean {
  const inner = normalizeScope(scope)
  const outer = normalizeScope(ancestor)
  if (!inner.startsWith('/') || outer === '') return false
  return outer === '/' || inner === outer || inner.startsWith(`${outer}/`)
}

function splitId(text: string): string[] | undefined {
  if (text.length > maxLength || !text.startsWith('/')) return undefined
  const segments = text.slice(1, text.endsWith('/') ? -1 : undefined).split('/')
  return segments.every((segment) => segmentPattern.test(segment)) ? segments : undefined
}

function isWord(segment: string | undefined, word: string): boolean {
  return segment?.toLowerCase() === word.toLowerCase()
}

/** Alternating types and names. A second `providers` begins an extension, which is not within the resource. */
function readPairs(segments: readonly string[]): { type: string; name: string }[] | undefined {
  const pairs: { type: string; name: string }[] = []
  for (let index = 0; index < segments.length; index += 2) {
    const type = segments[index]
    const name = segments[index + 1]
    if (type === undefined || name === undefined || isWord(type, 'providers')) return undefined
    pairs.push({ type, name })
  }
  return pairs
}
