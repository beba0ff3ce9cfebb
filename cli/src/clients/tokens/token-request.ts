import { CommandFailure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { isRecord } from '../../framework/values/record.ts'
import { type HttpClient, type HttpResponse, formRequest, jsonOf } from '../http/http.ts'

/** What the token endpoint issues. */
export type TokenResponse = {
  readonly accessToken: string
  readonly expiresAtMs: number
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
}

/** The token endpoint denied a request. The message comes from the endpoint. */
export class TokenDenied extends CommandFailure {
  override readonly name = 'TokenDenied'
  /** The error of OAuth, such as `invalid_grant`. [RFC 6749 §5.2] */
  readonly error: string
  /** The AADSTS numbers. */
  readonly numbers: readonly number[]

  constructor(error: string, description: string, numbers: readonly number[]) {
    super(terminalText(description.replaceAll('\r\n', '\n')), 1, nextStepFor(error, numbers))
    this.error = error
    this.numbers = numbers
  }
}

/**
 * The errors that a new sign-in may solve. The endpoint returns `unauthorized_client` for a deleted application. [RFC
 * 6749 §5.2]
 */
const signInErrors: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_grant',
  'interaction_required',
  'login_required',
  'unauthorized_client',
])

function nextStepFor(error: string, numbers: readonly number[]): string | undefined {
  if (numbers.includes(7000215))
    return 'check the secret, and sign in again: acrux login; a certificate is passed with --certificate'
  return signInErrors.has(error) ? 'sign in again: acrux login' : undefined
}

/** The URL of an OAuth endpoint of a tenant. The tenant may be `organizations`. */
export function oauthUrl(
  { endpoints }: { readonly endpoints: Pick<Cloud['endpoints'], 'activeDirectory'> },
  tenant: string,
  endpoint: 'token' | 'authorize' | 'devicecode',
): string {
  return `${endpoints.activeDirectory.replace(/\/+$/, '')}/${tenant}/oauth2/v2.0/${endpoint}`
}

/** Requests a token. @throws TokenDenied if the endpoint denies it */
export async function requestToken(
  http: HttpClient,
  url: string,
  form: Readonly<Record<string, string | undefined>>,
): Promise<TokenResponse> {
  const response = await http.send(formRequest(url, form))
  const body = jsonOf(response)
  if (response.status !== 200 || !isRecord(body) || typeof body['access_token'] !== 'string')
    throw denied(response, body)
  const seconds = Number(body['expires_in'] ?? 0)
  const text = (name: string): string | undefined => {
    const value = body[name]
    return typeof value === 'string' ? value : undefined
  }
  return {
    accessToken: body['access_token'],
    expiresAtMs: Date.now() + (Number.isFinite(seconds) ? seconds * 1000 : 0),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
  }
}

/** The error of a response of an OAuth endpoint. */
export function denied({ status, correlationId }: HttpResponse, body: unknown): TokenDenied {
  const fields = isRecord(body) ? body : {}
  const { error, error_description: description, error_codes: numbers } = fields
  const id = correlationId === undefined ? '' : ` (correlation id ${correlationId})`
  return new TokenDenied(
    typeof error === 'string' ? error : 'server_error',
    typeof description === 'string' ? description : `the sign-in service returned status ${status}${id}`,
    Array.isArray(numbers) ? numbers.filter((each) => typeof each === 'number') : [],
  )
}

/**
 * The scope of a resource: az writes a slash after the resource, even if the resource ends with a slash. [az-cli-wire
 * §3.1]
 */
export function scopeOf(resource: string): string {
  return `${resource}/.default`
}
