import { useRead } from '../../api/queries.ts'
import { listPasswordUses, listScopeMaps, listTokens, readAnonymousAccess } from '../../api/tokens.ts'
import { type TokenRow, type TokenData, rowsOf, lastSegment } from './token-rows.ts'

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
