import type { PasswordUses, ScopeMap, Token } from '../../api/types.ts'

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

/** The tokens with the last use of their passwords, if the person may see it. */
export function rowsOf(tokens: readonly Token[], uses: readonly PasswordUses[] | undefined): readonly TokenRow[] {
  const usesByName = new Map(uses?.map((each) => [each.name, each.properties.passwords]))
  return tokens.map((token) => ({
    token,
    scopeMap: lastSegment(token.properties.scopeMapId),
    passwords: usesByName.get(token.name) ?? token.properties.credentials.passwords.map(withoutUse),
    showsUses: uses !== undefined,
  }))
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

/** The names of the tokens that use a scope map. */
export function usersOf({ tokens }: TokenData, name: string): readonly string[] {
  return tokens.filter(({ scopeMap }) => scopeMap.toLowerCase() === name.toLowerCase()).map(({ token }) => token.name)
}
