import type { WantedIdentity } from '@acrux/server/machine-protocol'
import { CommandFailure } from './failure.ts'
import { machineAssertion } from './machine-key.ts'
import type { MachineState } from './machine-state.ts'
import { type ServerAnswer, postForm } from './server-request.ts'

/** A token as the endpoint gives it out. */
export type IdentityToken = {
  readonly accessToken: string
  readonly clientId: string
  readonly resource: string
  /** Seconds since the epoch. */
  readonly expiresAtSeconds: number
  readonly notBeforeSeconds: number
}

/** Why there is no token, in the words of the instance metadata service. */
export type TokenRefusal = { readonly status: number; readonly error: string; readonly description: string }

export type TokenOutcome =
  { readonly ok: true; readonly token: IdentityToken } | { readonly ok: false; readonly refusal: TokenRefusal }

/** Gives tokens for a resource, as one identity of this machine's. Never throws for what the server says. */
export type TokenSource = (resource: string, wanted: WantedIdentity | undefined) => Promise<TokenOutcome>

/** A token is given out again for so long: short enough that what was taken away is not seen here much later. */
const keptMs = 60_000

/** A token with less time left than this is not kept. */
const lastMs = 5 * 60_000

/** How many tokens are kept; whoever may ask can ask for any resource. */
const keptLimit = 256

type Kept = { readonly token: IdentityToken; readonly untilMs: number }

/**
 * Makes the source of tokens. The state is read anew each time, so that a machine that is enrolled again, or forgotten,
 * needs no restart. Several who ask for the same at once share one request.
 */
export function createTokenSource(readMachine: () => Promise<MachineState>, now: () => number): TokenSource {
  const kept = new Map<string, Kept>()
  const underWay = new Map<string, Promise<TokenOutcome>>()

  async function fetchToken(
    key: string,
    machine: MachineState,
    resource: string,
    wanted: WantedIdentity | undefined,
  ): Promise<TokenOutcome> {
    const outcome = await ask(machine, resource, wanted, now())
    if (outcome.ok) {
      const untilMs = Math.min(now() + keptMs, outcome.token.expiresAtSeconds * 1000 - lastMs)
      if (kept.size >= keptLimit) kept.clear()
      if (untilMs > now()) kept.set(key, { token: outcome.token, untilMs })
    }
    return outcome
  }

  return async (resource, wanted) => {
    try {
      const machine = await readMachine()
      const key = JSON.stringify([machine.keyId, resource, wanted])
      const known = kept.get(key)
      if (known !== undefined && now() < known.untilMs) return { ok: true, token: known.token }
      kept.delete(key)
      const running =
        underWay.get(key) ?? fetchToken(key, machine, resource, wanted).finally(() => underWay.delete(key))
      underWay.set(key, running)
      return await running
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error
      return refuse({ status: 503, error: 'temporarily_unavailable', description: error.message })
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
  return answer.status === 200 ? toToken(answer, resource) : refuse(refusalOf(answer))
}

function toToken({ body }: ServerAnswer, resource: string): TokenOutcome {
  const accessToken = body['access_token']
  const expiresAtSeconds = Number(body['expires_on'])
  const notBeforeSeconds = Number(body['not_before'])
  const clientId = typeof accessToken === 'string' ? clientIdOf(accessToken) : undefined
  if (typeof accessToken !== 'string' || clientId === undefined || !Number.isSafeInteger(expiresAtSeconds)) {
    const description = 'The server gave an answer that holds no token.'
    return refuse({ status: 503, error: 'temporarily_unavailable', description })
  }
  return { ok: true, token: { accessToken, clientId, resource, expiresAtSeconds, notBeforeSeconds } }
}

/** What the server called the identity; it is not verified here, and nothing is decided by it. */
function clientIdOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const appId: unknown = typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'appid') : undefined
    return typeof appId === 'string' ? appId : undefined
  } catch {
    return undefined
  }
}

/** The numbers by which the server tells its refusals. [Entra, AADSTS error codes] */
const refusals: Readonly<Record<number, TokenRefusal>> = {
  500011: {
    status: 400,
    error: 'invalid_resource',
    description: 'The resource is none that tokens are issued for.',
  },
  700016: { status: 400, error: 'invalid_request', description: 'Identity not found' },
  7000112: { status: 400, error: 'unauthorized_client', description: 'The identity, or the machine, is disabled.' },
  700027: {
    status: 401,
    error: 'unauthorized_client',
    description:
      'The server does not accept the key of this machine. Its clock may be wrong, or it must be enrolled anew.',
  },
}

function refusalOf({ status, body }: ServerAnswer): TokenRefusal {
  const codes = body['error_codes']
  const known = Array.isArray(codes) ? refusals[Number(codes[0])] : undefined
  if (known !== undefined) return known
  if (status === 429) return { status, error: 'temporarily_unavailable', description: 'There were too many requests.' }
  const error = typeof body['error'] === 'string' ? body['error'] : 'temporarily_unavailable'
  return status >= 500
    ? { status: 503, error: 'temporarily_unavailable', description: 'The server failed.' }
    : { status: 400, error, description: 'The server refused the request.' }
}

function refuse(refusal: TokenRefusal): TokenOutcome {
  return { ok: false, refusal }
}
