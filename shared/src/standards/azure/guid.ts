declare const brand: unique symbol

/** A GUID in lower case with four hyphens. */
export type Guid = string & { readonly [brand]: 'Guid' }

/** The text of a GUID, in any case. */
export type GuidText = `${string}-${string}-${string}-${string}-${string}`

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The user name with which an ACR token is the password. [ACR, AAD-OAuth] */
export const nullGuid: Guid = requireGuid('00000000-0000-0000-0000-000000000000')

/** Parses a GUID in any case. */
export function parseGuid(text: string): Guid | undefined {
  const lowerCase = text.toLowerCase()
  return isCanonical(lowerCase) ? lowerCase : undefined
}

/** Whether a value is a GUID in any case. */
export function isGuid(value: unknown): value is GuidText {
  return typeof value === 'string' && parseGuid(value) !== undefined
}

/**
 * Parses a GUID constant.
 *
 * @throws {TypeError} if it is invalid.
 */
export function requireGuid(text: string): Guid {
  const guid = parseGuid(text)
  if (guid === undefined) throw new TypeError('not a GUID')
  return guid
}

/** Parses a tenant id: a GUID other than the null GUID. The aliases `common` and `organizations` are not tenant ids. */
export function parseTenantId(text: string): Guid | undefined {
  const guid = parseGuid(text)
  return guid === nullGuid ? undefined : guid
}

function isCanonical(text: string): text is Guid {
  return pattern.test(text)
}
