import type { Clock } from '../platform/process/clock.ts'
import type { Database, Transaction } from '../platform/sql/database.ts'
import { createAnonymousAccess } from './anonymous-access/anonymous-access.ts'
import { createAnonymousAccessStore } from './anonymous-access/anonymous-access-store.ts'
import { createScopeMapStore } from './scope-maps/scope-map-store.ts'
import { createScopeMaps } from './scope-maps/scope-maps.ts'
import { createScopedTokenSignIn } from './scoped-tokens/scoped-token-sign-in.ts'
import { createScopedTokenStore } from './scoped-tokens/scoped-token-store.ts'
import { createScopedTokens } from './scoped-tokens/scoped-tokens.ts'

/** Access to one registry that does not come from roles: scope maps, scoped tokens and anonymous access. */
export function createRegistryAccess(database: Database, clock: Clock) {
  const maps = createScopeMapStore(database)
  const tokens = createScopedTokenStore(database)
  const anonymous = createAnonymousAccessStore(database)
  const { rightsIn: rightsOfAnonymous, ...anonymousAccess } = createAnonymousAccess(database, anonymous, clock)

  const scopeMaps = createScopeMaps(maps, clock, async (transaction, rid, key) => {
    const names = await tokens.namesWithScopeMap(transaction, rid, key)
    const anonymousMap = await anonymous.find(transaction, rid)
    return anonymousMap?.scope_map_key === key ? ['anonymous access', ...names] : names
  })

  return {
    ...createScopedTokenSignIn(database, tokens, clock),
    rightsOfAnonymous,
    scopedTokens: createScopedTokens(tokens, clock),
    anonymousAccess,
    scopeMaps,

    deleteRegistryAccess: async (transaction: Transaction, rid: string): Promise<void> => {
      transaction.changesAuthority()
      await tokens.removeOf(transaction, rid)
      await anonymous.remove(transaction, rid)
      await maps.removeOf(transaction, rid)
    },
  }
}
