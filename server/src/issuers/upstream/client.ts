import { decodeProtectedHeader } from 'jose'
import {
  AuthorizationResponseError,
  type ClientAuth,
  ClientError,
  type Configuration,
  type CustomFetch,
  ResponseBodyError,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  clockSkew,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import { type Clock, machineClockOf, systemClock } from '../../platform/process/clock.ts'
import { OutboundError } from '../../platform/outbound/outbound-error.ts'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import type { IdTokenClaims } from './claims.ts'
import type { UpstreamCredentials } from './upstream-credentials.ts'
import { UpstreamError } from './errors.ts'
import type { UpstreamSettings } from './settings.ts'

/** The secrets of one sign-in, which bind the callback to the browser that started it. */
export type UpstreamSecrets = { readonly state: string; readonly nonce: string; readonly codeVerifier: string }

/** The OpenID client of one provider. [OpenID Connect Core §3.1; RFC 7636; RFC 9207] */
export interface UpstreamClient {
  /**
   * The URL of the authorization request, with the first of `prompts` that the provider supports. Not all providers support
   * `select_account`. [Initiating User Registration via OpenID Connect §4.1, `prompt_values_supported`]
   *
   * @throws UpstreamError
   */
  authorizationUrl(parameters: Readonly<Record<string, string>>, prompts: readonly string[]): Promise<URL>
  /** Redeems the code of the callback and verifies the ID token. @throws UpstreamError */
  redeem(callback: URL, secrets: UpstreamSecrets): Promise<IdTokenClaims>
}

export type UpstreamClientOptions = {
  readonly settings: UpstreamSettings
  readonly credentials: UpstreamCredentials
  readonly clock: Clock
  readonly fetch: CustomFetch
}

/** Asymmetric algorithms only: never a shared secret, never `none`. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** The clock difference that is tolerated. */
const toleranceSeconds = 30
const timeoutSeconds = 10
const freshMs = 60 * 60 * 1000
/** After a failure, no request is sent to the provider during this time. */
const pauseMs = 5000

/**
 * Creates the client of one provider. The configuration of the provider is read at the first sign-in, and again
 * after an hour.
 */
export function createUpstreamClient(options: UpstreamClientOptions): UpstreamClient {
  const { settings, credentials, clock } = options
  const machine = machineClockOf(clock)
  let known: { readonly configuration: Configuration; readonly atMs: number; readonly skewSeconds: number } | undefined
  let failed: { readonly error: unknown; readonly atMs: number } | undefined
  let reading: Promise<Configuration> | undefined
  let clientAuthentication: ClientAuth | undefined

  const authenticate: ClientAuth = (as, client, body, headers) => {
    if (clientAuthentication === undefined) throw new TypeError('the credentials were not loaded')
    return clientAuthentication(as, client, body, headers)
  }

  async function read(): Promise<Configuration> {
    try {
      const skewSeconds = skewOf(clock)
      const configuration = await discover(options, authenticate, skewSeconds)
      known = { configuration, atMs: machine.now(), skewSeconds }
      failed = undefined
      return configuration
    } catch (error) {
      failed = { error, atMs: machine.now() }
      if (known === undefined) throw error
      return known.configuration
    } finally {
      reading = undefined
    }
  }

  async function configuration(): Promise<Configuration> {
    const nowMs = machine.now()
    const isSameClock = known === undefined || Math.abs(known.skewSeconds - skewOf(clock)) <= 1
    if (known !== undefined && isSameClock && nowMs - known.atMs < freshMs) return known.configuration
    if (failed !== undefined && nowMs - failed.atMs < pauseMs) {
      if (known === undefined) throw failed.error
      return known.configuration
    }
    reading ??= read()
    return reading
  }

  return {
    authorizationUrl: (parameters, prompts) =>
      translateErrors(async () => {
        const current = await configuration()
        const prompt = prompts.find((wanted) => supportsPrompt(settings, current, wanted))
        const scope = [...new Set(['openid', ...settings.scopes])].join(' ')
        return buildAuthorizationUrl(current, { scope, ...parameters, ...(prompt === undefined ? {} : { prompt }) })
      }),
    redeem: (callback, { state, nonce, codeVerifier }) =>
      translateErrors(async () => {
        const current = await configuration()
        clientAuthentication = await credentials.load()
        const checks = {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        }
        const tokens = await authorizationCodeGrant(current, callback, checks)
        const claims = tokens.claims()
        if (claims === undefined || tokens.id_token === undefined)
          throw invalidResponse('the token response has no ID token')
        const { alg } = decodeProtectedHeader(tokens.id_token)
        if (alg === undefined || !algorithms.includes(alg))
          throw invalidResponse(`the ID token has the algorithm ${String(alg)}`)
        return claims
      }),
  }
}

/** How far our clock is ahead of the system's, which the library reads. */
function skewOf(clock: Clock): number {
  return Math.round((clock.now() - systemClock.now()) / 1000)
}

async function discover(
  { settings, fetch }: UpstreamClientOptions,
  authenticate: ClientAuth,
  skewSeconds: number,
): Promise<Configuration> {
  const client = {
    [clockTolerance]: toleranceSeconds,
    [clockSkew]: skewSeconds,
  }
  const configuration = await discovery(new URL(settings.issuer), settings.clientId, client, authenticate, {
    algorithm: 'oidc',
    timeout: timeoutSeconds,
    [customFetch]: fetch,
    // By default the library does not verify the signature of an ID token that comes from the token endpoint.
    execute: [enableNonRepudiationChecks],
  })
  const { issuer, authorization_endpoint, token_endpoint, jwks_uri } = configuration.serverMetadata()
  if (issuer !== settings.issuer && issuer !== templateOf(settings)) {
    throw invalidResponse(`the provider's issuer is ${issuer}, not ${settings.issuer}`)
  }
  for (const [name, url] of Object.entries({ authorization_endpoint, token_endpoint, jwks_uri })) {
    if (url === undefined || URL.parse(url)?.protocol !== 'https:')
      throw invalidResponse(`the ${name} of the provider is not an https URL`)
  }
  return configuration
}

/** Whether to send this prompt. All providers support `login` and `consent`; a configured prompt is always sent. */
function supportsPrompt({ kind, prompt }: UpstreamSettings, configuration: Configuration, wanted: string): boolean {
  if (wanted !== 'select_account' || wanted === prompt || kind === 'entra') return true
  const { prompt_values_supported: known } = configuration.serverMetadata()
  return Array.isArray(known) && known.includes(wanted)
}

/** The issuer template in Entra's configuration for several tenants. The library inserts the tenant of each token. */
function templateOf({ kind, issuer }: UpstreamSettings): string | undefined {
  return kind === 'entra' ? issuer.replace('/organizations/', '/{tenantid}/') : undefined
}

function invalidResponse(message: string, cause?: unknown): UpstreamError {
  return new UpstreamError('bad-answer', message, undefined, { cause })
}

async function translateErrors<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    throw toUpstreamError(error)
  }
}

function toUpstreamError(error: unknown): Error {
  if (error instanceof UpstreamError) return error
  if (error instanceof StartupError)
    return new UpstreamError('misconfigured', error.message, undefined, { cause: error })
  const fetchError = causeOf(error, OutboundError)
  if (fetchError !== undefined || isTimeout(error)) {
    const message = fetchError?.message ?? 'the provider did not respond in time'
    return new UpstreamError('unreachable', message, undefined, { cause: error })
  }
  if (error instanceof AuthorizationResponseError) {
    const detail = [error.error, error.error_description].filter(Boolean).join(': ')
    return new UpstreamError('provider-denied', 'the provider denied the sign-in', detail, { cause: error })
  }
  if (error instanceof ResponseBodyError) {
    if (error.status >= 500)
      return new UpstreamError('unreachable', 'the provider returned a server error', undefined, { cause: error })
    return invalidResponse(`the token endpoint returned ${error.error}`, error)
  }
  if (error instanceof ClientError) {
    const status = error.cause instanceof Response ? error.cause.status : 0
    if (status >= 500)
      return new UpstreamError('unreachable', 'the provider returned a server error', undefined, { cause: error })
    return invalidResponse(error.message, error)
  }
  // Undocumented error types of the library, for responses that it cannot parse.
  return invalidResponse('the response is invalid', error)
}

function isTimeout(error: unknown): boolean {
  return error instanceof ClientError && (error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT')
}

function causeOf<Kind extends Error>(error: unknown, kind: new (...parameters: never[]) => Kind): Kind | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof kind) return at
  }
  return undefined
}
