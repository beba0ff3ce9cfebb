import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { createAnonymousAccess } from './anonymous-access.ts'
import { createAnonymousAccessStore } from './anonymous-access-store.ts'
import { createScopeMapStore } from './scope-map-store.ts'
import { type ScopeMap, createScopeMaps } from './scope-maps.ts'
import { createScopedTokenSignIn } from './scoped-token-proof.ts'
import { createScopedTokenStore } from './scoped-token-store.ts'
import { createScopedTokens } from './scoped-tokens.ts'
import type { Principal, RegistryInQuestion } from './model.ts'

/** What gives access to one registry and is no role: scope maps, and what has one. It ends with the registry. */
export function createRegistryAccess(database: Database, clock: Clock) {
  const maps = createScopeMapStore(database)
  const tokens = createScopedTokenStore(database)
  const anonymous = createAnonymousAccessStore(database)
  const { rightsOfToken, ...signIn } = createScopedTokenSignIn(database, tokens, clock)
  const { rightsIn, ...anonymousAccess } = createAnonymousAccess(database, anonymous, clock)

  const deleteRegistryAccess = async (transaction: Transaction, rid: string): Promise<void> => {
    transaction.changesAuthority()
    await tokens.removeOf(transaction, rid)
    await anonymous.remove(transaction, rid)
    await maps.removeOf(transaction, rid)
  }

  const scopeMaps = createScopeMaps(maps, clock, async (transaction, rid, key) => {
    const names = await tokens.namesWithScopeMap(transaction, rid, key)
    const forAnybody = await anonymous.find(transaction, rid)
    return forAnybody?.scope_map_key === key ? ['anonymous access', ...names] : names
  })

  /** The scope map that says what a principal may do at a registry; undefined where none does. */
  async function scopeMapOf(principal: Principal, registry: RegistryInQuestion): Promise<ScopeMap | undefined> {
    const row = await scopeMapRow(principal, registry)
    return row && scopeMaps.find(registry.rid, row.scope_map_key)
  }

  function scopeMapRow(principal: Principal, { rid, anonymousPullEnabled }: RegistryInQuestion) {
    switch (principal.kind) {
      case 'anonymous':
        return anonymousPullEnabled ? undefined : anonymous.actionsOf(rid)
      case 'scoped-token':
        return principal.rid === rid ? tokens.actionsOf(principal.tokenId) : undefined
      case 'admin':
      case 'directory':
        return undefined
    }
  }

  return {
    rightsOfToken,
    rightsOfAnybody: rightsIn,
    scopeMapOf,
    parts: {
      ...signIn,
      scopedTokens: createScopedTokens(tokens, clock),
      anonymousAccess,
      scopeMaps,
      deleteRegistryAccess,
    },
  }
}
