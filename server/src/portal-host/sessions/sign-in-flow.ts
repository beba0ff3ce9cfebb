import { hash, randomBytes } from 'node:crypto'
import { openText, sealText } from '../../platform/keys/sealed-text.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { PortalSignIns } from './model.ts'

/** A sign-in that has started in this browser. */
export type SignInFlow = {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly returnPath: string
  readonly kind: SignInKind
  /** The object id of the only person who may complete the sign-in. Undefined if any person may complete it. */
  readonly personId?: string | undefined
  readonly startedAtMs: number
}

/** How the person signs in. With `fresh`, the person authenticates again; with `switch`, the person chooses another account. */
export type SignInKind = 'usual' | 'fresh' | 'switch'

/** The maximum duration of a sign-in in seconds. */
export const flowSeconds = 60 * 60

const sealingContext = 'sign-in to the portal'
const maxFlowLength = 4096
const prompts = { usual: undefined, fresh: 'login', switch: 'select_account' } as const

/** The scopes of a sign-in. The refresh token obtains tokens for the other surfaces. */
const scope = 'https://management.core.windows.net//.default openid profile offline_access'

/** Starts a flow. Only the browser stores the flow, and the server seals it. Unauthenticated callers therefore cannot fill the database. */
export function startFlow(clock: Clock, purpose: Pick<SignInFlow, 'returnPath' | 'kind' | 'personId'>): SignInFlow {
  const random = () => randomBytes(32).toString('base64url')
  return { state: random(), nonce: random(), verifier: random(), ...purpose, startedAtMs: clock.now() }
}

/** The value of the cookie that contains the flow. */
export function writeFlow(sealer: Sealer, flow: SignInFlow): string {
  return sealText(sealer, flow, sealingContext)
}

/** The flow in a cookie. The result is undefined if this server did not seal the flow, or if the flow has expired. */
export function readFlow(sealer: Sealer, clock: Clock, cookie: string | undefined): SignInFlow | undefined {
  if (cookie === undefined) return undefined
  const flow = openText(sealer, cookie, { context: sealingContext, maxLength: maxFlowLength }) as SignInFlow | undefined
  return flow === undefined || clock.now() - flow.startedAtMs >= flowSeconds * 1000 ? undefined : flow
}

/** The address at which the person signs in. `hint` is the user name that the sign-in page fills in. */
export function authorizationPath(
  { clientId, redirectUri }: PortalSignIns['client'],
  flow: SignInFlow,
  hint?: string,
): string {
  const prompt = prompts[flow.kind]
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope,
    state: flow.state,
    nonce: flow.nonce,
    code_challenge: hash('sha256', flow.verifier, 'base64url'),
    code_challenge_method: 'S256',
    ...(prompt !== undefined && { prompt }),
    ...(hint !== undefined && { login_hint: hint }),
  })
  return `/organizations/oauth2/v2.0/authorize?${query.toString()}`
}
