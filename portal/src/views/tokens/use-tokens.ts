import { useRead } from '../../api/queries.ts'
import type { PasswordUses, ScopeMap, Token } from '../../api/types.ts'
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

/** The tokens of a registry, with the last use of their passwords. */
export function useTokenRows(registryId: string) {
  return useRead([...tokensKey(registryId), 'rows'], async (signal): Promise<readonly TokenRow[]> => {
    const [tokens, uses] = await Promise.all([listTokens(registryId, signal), listPasswordUses(registryId, signal)])
    return rowsOf(tokens, uses)
  })
}

/** The tokens of a registry, and its scope maps. */
export function useTokens(registryId: string) {
  return useRead([...tokensKey(registryId), 'maps'], async (signal): Promise<TokenData> => {
    const [tokens, scopeMaps] = await Promise.all([listTokens(registryId, signal), listScopeMaps(registryId, signal)])
    return { scopeMaps, tokens: rowsOf(tokens, undefined) }
  })
}

function rowsOf(tokens: readonly Token[], uses: readonly PasswordUses[] | undefined): readonly TokenRow[] {
  const usesByName = new Map(uses?.map((each) => [each.name, each.properties.passwords]))
  return tokens.map((token) => ({
    token,
    scopeMap: lastSegment(token.properties.scopeMapId),
    passwords: usesByName.get(token.name) ?? token.properties.credentials.passwords.map(withoutUse),
    showsUses: uses !== undefined,
  }))
}

/** The scope maps of a registry, and that of anonymous callers. `undefined` within: they have none. */
export function useAnonymousAccess(registryId: string) {
  return useRead(['anonymous-access', registryId], async (signal) => {
    const [scopeMaps, found] = await Promise.all([
      listScopeMaps(registryId, signal),
      readAnonymousAccess(registryId, signal),
    ])
    return { scopeMaps, scopeMap: found && lastSegment(found.properties.scopeMapId) }
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
