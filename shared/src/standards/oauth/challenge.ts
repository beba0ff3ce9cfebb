/** The parts of a Bearer challenge. */
export type BearerChallenge = {
  /** The token service's URL, https and on the login server itself: clients build further URLs from its host. */
  readonly realm: string
  /** The login server, with its port if it has one. */
  readonly service: string
  /** The access that the denied operation needs, such as `repository:team/app:pull`. Omitted at `/v2/`. */
  readonly scope?: string | undefined
  /** Why the sent token was rejected; omitted if none was sent. [RFC 6750 §3.1] */
  readonly error?: 'invalid_token' | 'insufficient_scope' | undefined
}

const quotable = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * Formats the value of `WWW-Authenticate`.
 *
 * Parameters are joined by a bare comma. RFC 9110 §5.6.1 allows ", ", but `az acr login` splits the header on
 * spaces before commas, and fails with an IndexError. [azure-cli 2.74 acr/_docker_utils.py]
 *
 * @throws {TypeError} for a value that cannot be quoted.
 */
export function bearerChallenge({ realm, service, scope, error }: BearerChallenge): string {
  const parameters = [`realm=${quoted(realm)}`, `service=${quoted(service)}`]
  if (scope !== undefined) parameters.push(`scope=${quoted(scope)}`)
  if (error !== undefined) parameters.push(`error=${quoted(error)}`)
  return `Bearer ${parameters.join(',')}`
}

/** The challenge for incorrect Basic credentials at the data plane. [ACR, Azure/acr#651] */
export function basicChallenge(): string {
  return 'Basic realm="Azure Container Registry"'
}

// Backslash escapes are legal, but half of the clients do not decode them, so values that need one are not sent.
function quoted(value: string): string {
  if (!quotable.test(value)) throw new TypeError('a challenge cannot contain this value')
  return `"${value}"`
}
