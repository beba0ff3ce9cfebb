import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/sql/database.ts'
import { createAnonymousAccess } from './anonymous-access.ts'
import { createAnonymousAccessStore } from './anonymous-access-store.ts'
import type { Access } from './index.ts'
import { createScopeMapStore } from './scope-map-store.ts'
import { createScopeMaps } from './scope-maps.ts'
import { createScopedTokenSignIn } from './scoped-token-proof.ts'
import { createScopedTokenStore } from './scoped-token-store.ts'
import { createScopedTokens } from './scoped-tokens.ts'

/** What gives access to one registry and is no role: scope maps, and what has one. It ends with the registry. */
export function createRegistryAccess(database: Database, clock: Clock) {
  const maps = createScopeMapStore(database)
  const tokens = createScopedTokenStore(database)
  const anonymous = createAnonymousAccessStore(database)
  const { rightsOfToken, ...signIn } = createScopedTokenSignIn(database, tokens, clock)
  const { rightsIn, ...anonymousAccess } = createAnonymousAccess(database, anonymous, clock)

  const deleteRegistryAccess: Access['deleteRegistryAccess'] = async (transaction, rid) => {
    transaction.changesAuthority()
    await tokens.removeOf(transaction, rid)
    await anonymous.remove(transaction, rid)
    await maps.removeOf(transaction, rid)
  }

  return {
    rightsOfToken,
    rightsOfAnybody: rightsIn,
    parts: {
      ...signIn,
      scopedTokens: createScopedTokens(tokens, clock),
      anonymousAccess,
      scopeMaps: createScopeMaps(maps, clock, async (transaction, rid, key) => {
        const names = await tokens.namesWithScopeMap(transaction, rid, key)
        const forAnybody = await anonymous.find(transaction, rid)
        return forAnybody?.scope_map_key === key ? ['anonymous access', ...names] : names
      }),
      deleteRegistryAccess,
    },
  }
}
