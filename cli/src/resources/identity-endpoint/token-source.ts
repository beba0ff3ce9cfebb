import type { WantedIdentity } from '@acrux/shared/wire/machine-protocol.ts'
import { unverifiedClaim } from '../../clients/tokens/token-claim.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { machineAssertion } from './machine-key.ts'
import type { MachineState } from './machine-state.ts'
import { type ServerAnswer, postForm } from './server-request.ts'

/** A token, as the endpoint returns it. */
export type IdentityToken = {
  readonly accessToken: string
  readonly clientId: string
  readonly resource: string
  /** Seconds since the epoch. */
  readonly expiresAtSeconds: number
  readonly notBeforeSeconds: number
}

/** Why there is no token, in the terms of the instance metadata service. */
export type TokenRejection = { readonly status: number; readonly error: string; readonly description: string }

type TokenOutcome =
  { readonly ok: true; readonly token: IdentityToken } | { readonly ok: false; readonly rejection: TokenRejection }

/**
 * Gets a token for a resource as one of this machine's identities. Does not throw if the server denies the request or
 * fails.
 */
export type TokenSource = (resource: string, wanted: WantedIdentity | undefined) => Promise<TokenOutcome>

/** How long a token is cached. The time is short, so that a revocation takes effect soon. */
const cacheMs = 60_000

/** A token that expires sooner is not cached. */
const minLifetimeMs = 5 * 60_000

/** Programs can request tokens for any number of resources. */
const maxCachedTokens = 256

type CachedToken = { readonly token: IdentityToken; readonly untilMs: number }

/**
 * Creates a token source with a cache. The source reads the state for each token, so that a new enrollment or the
 * deletion of the key needs no restart. Concurrent requests for the same token share one request to the server.
 */
export function createTokenSource(readMachine: () => Promise<MachineState>, now: () => number): TokenSource {
  const cache = new Map<string, CachedToken>()
  const pending = new Map<string, Promise<TokenOutcome>>()

  async function fetchToken(
    key: string,
    machine: MachineState,
    resource: string,
    wanted: WantedIdentity | undefined,
  ): Promise<TokenOutcome> {
    const outcome = await ask(machine, resource, wanted, now())
    if (outcome.ok) {
      const untilMs = Math.min(now() + cacheMs, outcome.token.expiresAtSeconds * 1000 - minLifetimeMs)
      if (cache.size >= maxCachedTokens) cache.clear()
      if (untilMs > now()) cache.set(key, { token: outcome.token, untilMs })
    }
    return outcome
  }

  return async (resource, wanted) => {
    try {
      const machine = await readMachine()
      const key = JSON.stringify([machine.keyId, resource, wanted])
      const known = cache.get(key)
      if (known !== undefined && now() < known.untilMs) return { ok: true, token: known.token }
      cache.delete(key)
      const running = pending.get(key) ?? fetchToken(key, machine, resource, wanted).finally(() => pending.delete(key))
      pending.set(key, running)
      return await running
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error
      return reject({ status: 503, error: 'temporarily_unavailable', description: error.message })
    }
  }
}

async function ask(
  machine: MachineState,
  resource: string,
  wanted: WantedIdentity | undefined,
  nowMs: number,
): Promise<TokenOutcome> {
  const form = {
    grant_type: 'client_credentials',
    client_id: machine.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: machineAssertion(machine, wanted, nowMs),
    resource,
  }
  const answer = await postForm(new URL(`${machine.server}/${machine.tenantId}/oauth2/token`), form, machine.ca)
  return answer.status === 200 ? toToken(answer, resource) : reject(rejectionOf(answer))
}

function toToken({ body }: ServerAnswer, resource: string): TokenOutcome {
  const accessToken = body['access_token']
  const expiresAtSeconds = Number(body['expires_on'])
  const notBeforeSeconds = Number(body['not_before'])
  const clientId = typeof accessToken === 'string' ? unverifiedClaim(accessToken, 'appid') : undefined
  if (typeof accessToken !== 'string' || clientId === undefined || !Number.isSafeInteger(expiresAtSeconds)) {
    const description = 'The response of the server contains no token.'
    return reject({ status: 503, error: 'temporarily_unavailable', description })
  }
  return { ok: true, token: { accessToken, clientId, resource, expiresAtSeconds, notBeforeSeconds } }
}

/** Responses for the error numbers of the server. [Entra, AADSTS error codes] */
const rejections: Readonly<Record<number, TokenRejection>> = {
  500011: {
    status: 400,
    error: 'invalid_resource',
    description: 'The server issues no tokens for this resource.',
  },
  700016: { status: 400, error: 'invalid_request', description: 'Identity not found' },
  7000112: { status: 400, error: 'unauthorized_client', description: 'The identity or the machine is disabled.' },
  700027: {
    status: 401,
    error: 'unauthorized_client',
    description:
      'The server does not accept the key of this machine. Check the clock of the machine, or enroll the machine again.',
  },
}

function rejectionOf({ status, body }: ServerAnswer): TokenRejection {
  const codes = body['error_codes']
  const known = Array.isArray(codes) ? rejections[Number(codes[0])] : undefined
  if (known !== undefined) return known
  if (status === 429)
    return { status, error: 'temporarily_unavailable', description: 'Too many requests. Try again later.' }
  const error = typeof body['error'] === 'string' ? body['error'] : 'temporarily_unavailable'
  return status >= 500
    ? {
        status: 503,
        error: 'temporarily_unavailable',
        description: 'The server failed to process the request. Try again later.',
      }
    : { status: 400, error, description: 'The server denied the request.' }
}

function reject(rejection: TokenRejection): TokenOutcome {
  return { ok: false, rejection }
}
