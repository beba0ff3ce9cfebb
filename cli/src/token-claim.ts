/** A text claim of a JWT that is not verified; undefined if there is none. */
export function unverifiedClaim(token: string, name: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const value: unknown = typeof claims === 'object' && claims !== null ? Reflect.get(claims, name) : undefined
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
