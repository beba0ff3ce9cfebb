const guid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The text of an id. */
export type Guid = `${string}-${string}-${string}-${string}-${string}`

/** Whether a value is an id of a tenant, a subscription or an object. A server's ids become parts of URLs. */
export function isGuid(value: unknown): value is Guid {
  return typeof value === 'string' && guid.test(value)
}

/** The user name that goes with an ACR refresh token. [acr-protocol §1.9] */
export const nullGuid = '00000000-0000-0000-0000-000000000000'
