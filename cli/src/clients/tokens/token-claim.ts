/** The claims of a JWT that is not verified; an empty object if the text is not a JWT. */
export function unverifiedClaims(token: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** A text claim of a JWT that is not verified; undefined if the claim is missing. */
export function unverifiedClaim(token: string, name: string): string | undefined {
  const value = unverifiedClaims(token)[name]
  return typeof value === 'string' ? value : undefined
}
