import { useQuery } from '@tanstack/react-query'
import type { PasswordUses, ScopeMap, Token } from '../../api/rights-types.ts'
import { listPasswordUses, listScopeMaps, listTokens, readAnonymousAccess } from '../../api/tokens.ts'

export type TokenPassword = PasswordUses['properties']['passwords'][number]

/** A token with its passwords. */
export type TokenRow = {
  readonly token: Token
  readonly scopeMap: string
  readonly passwords: readonly TokenPassword[]
  /** Whether the person may see when the passwords were used. */
  readonly showsUses: boolean
}

export type TokenData = { readonly tokens: readonly TokenRow[]; readonly scopeMaps: readonly ScopeMap[] }

export const tokensKey = (registryId: string) => ['tokens', registryId] as const

/** The tokens and scope maps of a registry. */
export function useTokens(registryId: string) {
  return useQuery({
    queryKey: tokensKey(registryId),
    queryFn: async ({ signal }): Promise<TokenData> => {
      const [tokens, scopeMaps, uses] = await Promise.all([
        listTokens(registryId, signal),
        listScopeMaps(registryId, signal),
        listPasswordUses(registryId, signal),
      ])
      const usesByName = new Map(uses?.map((each) => [each.name, each.properties.passwords]))
      return {
        scopeMaps,
        tokens: tokens.map((token) => ({
          token,
          scopeMap: lastSegment(token.properties.scopeMapId),
          passwords: usesByName.get(token.name) ?? token.properties.credentials.passwords.map(withoutUse),
          showsUses: uses !== undefined,
        })),
      }
    },
  })
}

/** The scope map of anonymous callers. `undefined` within: they have none. */
export function useAnonymousAccess(registryId: string) {
  return useQuery({
    queryKey: ['anonymous-access', registryId],
    queryFn: async ({ signal }) => {
      const found = await readAnonymousAccess(registryId, signal)
      return { scopeMap: found && lastSegment(found.properties.scopeMapId) }
    },
  })
}

/** The name of a resource. */
export function lastSegment(id: string): string {
  return id.split('/').at(-1) ?? id
}

function withoutUse({
  name,
  creationTime,
  expiry,
}: Token['properties']['credentials']['passwords'][number]): TokenPassword {
  return { name, createdAt: creationTime, ...(expiry !== undefined && { expiresAt: expiry }) }
}
