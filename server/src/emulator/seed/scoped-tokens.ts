import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { formatScopeMapAction, parseScopeMapAction } from '@acrux/shared/standards/azure/scope-map-action.ts'
import { scopedTokenPasswordNames } from '../../authorization/index.ts'
import { type SeedContext, type SeedPlan, type SeedRegistry, seedAuthor } from './context.ts'
import type { SeedDocument } from './read-seed.ts'
import { findSeedRegistry } from './registries.ts'
import type { Seed } from './schema.ts'
import type { SeedPath } from './seed-error.ts'

type TokenSeed = Seed['tokens'][number]

/** Plans the scope maps. */
export async function planScopeMaps(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  const { scopeMaps } = context.access
  for (const [index, { registry: registryName, name, description, ...wanted }] of document.seed.scopeMaps.entries()) {
    const path = ['scopeMaps', index]
    const registry = await requireRegistry(context, document, plan, { name: registryName, path: [...path, 'registry'] })
    const actions = canonicalActions(wanted.actions)
    const present = registry.present && (await scopeMaps.find(registry.present.rid, name))
    const isSame =
      present !== undefined &&
      new Set(present.actions).symmetricDifference(new Set(actions)).size === 0 &&
      (description ?? present.description) === present.description
    if (isSame) continue
    plan.changes.push({
      path,
      make: async (transaction) => {
        const rid = registry.rid()
        const map = { name, description: description ?? present?.description, actions }
        const { created } = await scopeMaps.put(transaction, rid, map, seedAuthor)
        const target = `${registry.id}/scopeMaps/${name}`
        return { action: created ? 'scope-map.create' : 'scope-map.update', target, detail: { rid, actions } }
      },
    })
  }
}

function canonicalActions(texts: readonly string[]): string[] {
  const actions = texts.map(parseScopeMapAction).filter((action) => action !== undefined)
  return [...new Set(actions.map(formatScopeMapAction))]
}

/** Plans the scoped tokens and their passwords. */
export async function planScopedTokens(context: SeedContext, document: SeedDocument, plan: SeedPlan): Promise<void> {
  for (const [index, wanted] of document.seed.tokens.entries()) {
    const path = ['tokens', index]
    const registry = await requireRegistry(context, document, plan, {
      name: wanted.registry,
      path: [...path, 'registry'],
    })
    if (wanted.name.toLowerCase() === registry.name.toLowerCase() || parseGuid(wanted.name) !== undefined) {
      throw document.errorAt([...path, 'name'], 'must be neither a GUID nor the name of the registry')
    }
    const scopeMapName = await requireScopeMap(context, document, registry, {
      name: wanted.scopeMap,
      path: [...path, 'scopeMap'],
    })
    await planToken(context, wanted, path, { plan, registry, scopeMapName })
  }
}

type PlannedToken = { readonly plan: SeedPlan; readonly registry: SeedRegistry; readonly scopeMapName: string }

async function planToken(
  { access, clock }: SeedContext,
  { name, passwords }: TokenSeed,
  path: SeedPath,
  { plan, registry, scopeMapName }: PlannedToken,
): Promise<void> {
  const { scopedTokens } = access
  const target = `${registry.id}/tokens/${name}`
  const scopeMapId = `${registry.id}/scopeMaps/${scopeMapName}`
  const present = registry.present && (await scopedTokens.find(registry.present.rid, name))
  let tokenId = present?.id
  if (present?.scopeMapId.toLowerCase() !== scopeMapId.toLowerCase()) {
    plan.changes.push({
      path,
      make: async (transaction) => {
        const rid = registry.rid()
        const wanted = { name, scopeMapId, scopeMapName, enabled: present?.enabled ?? true }
        const { token, created } = await scopedTokens.put(transaction, rid, wanted, seedAuthor)
        tokenId = token.id
        const detail = { rid, tokenId, scopeMapId, enabled: token.enabled }
        return { action: created ? 'scoped-token.create' : 'scoped-token.update', target, detail }
      },
    })
  }
  for (const [index, { value, expiresIn }] of passwords.entries()) {
    const passwordName = scopedTokenPasswordNames[index === 0 ? 0 : 1] ?? 'password1'
    if (present !== undefined && (await scopedTokens.hasPassword(present, { name: passwordName, value }))) continue
    plan.changes.push({
      path: [...path, 'passwords', index],
      make: async (transaction) => {
        if (tokenId === undefined) throw new Error(`the token ${name} is not created yet`)
        const expiresAtMs = expiresIn === undefined ? undefined : clock.now() + expiresIn
        await scopedTokens.setPassword(transaction, { id: tokenId }, { name: passwordName, value, expiresAtMs })
        const detail = { rid: registry.rid(), tokenId, names: [passwordName] }
        return { action: 'scoped-token.generate-credentials', target, detail }
      },
    })
  }
}

type Named = { readonly name: string; readonly path: SeedPath }

async function requireRegistry(
  context: SeedContext,
  { errorAt }: SeedDocument,
  plan: SeedPlan,
  { name, path }: Named,
): Promise<SeedRegistry> {
  const registry = await findSeedRegistry(context, plan, name)
  if (registry === undefined) throw errorAt(path, `names ${name}, but there is no registry with this name`)
  return registry
}

/** The name of a scope map in the document, or of a scope map that already exists. */
async function requireScopeMap(
  { access }: SeedContext,
  { seed, errorAt }: SeedDocument,
  registry: SeedRegistry,
  { name, path }: Named,
): Promise<string> {
  const isWanted = (map: Seed['scopeMaps'][number]) =>
    map.name.toLowerCase() === name.toLowerCase() && map.registry.toLowerCase() === registry.name.toLowerCase()
  // A new registry has the system-defined scope maps, so a registry that the seed will create has them too.
  const rid = registry.present?.rid ?? ''
  const found = seed.scopeMaps.find(isWanted) ?? (await access.scopeMaps.find(rid, name))
  if (found !== undefined) return found.name
  throw errorAt(path, `names ${name}, but the registry ${registry.name} has no scope map with this name`)
}
