import { hash, randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { type HttpClient, formRequest, jsonOf } from '../../clients/http/http.ts'
import { httpClientOf, recordOf } from '../../clients/session/account.ts'
import type { Authenticated } from '../../clients/session/sign-in.ts'
import { personClientId } from '../../clients/tokens/client-id.ts'
import { personScopes } from '../../clients/tokens/sign-in-tokens.ts'
import { unverifiedClaims } from '../../clients/tokens/token-claim.ts'
import {
  type TokenResponse,
  TokenDenied,
  denied,
  oauthUrl,
  requestToken,
  scopeOf,
} from '../../clients/tokens/token-request.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { canOpenBrowser, openBrowser } from './browser.ts'
import type { LoginFlags } from './flags.ts'
import { startRedirectListener } from './redirect-listener.ts'
import { resolveTenant } from './tenant.ts'

/** The path of the tenant that accepts users of every tenant. */
const anyTenant = 'organizations'

/** A sign-in of a person to a cloud. */
type PersonSignIn = {
  readonly http: HttpClient
  readonly cloud: Cloud
  readonly clientId: string
  /** A tenant id, or {@link anyTenant}. */
  readonly tenant: string
  readonly scope: string
}

/** Signs a person in, with a browser or a device code. @throws CommandFailure if the sign-in is denied or expires */
export async function signInPerson(context: CommandContext, cloud: Cloud, flags: LoginFlags): Promise<Authenticated> {
  const http = httpClientOf(context, cloud)
  const clientId = personClientId(cloud, context.env)
  const tenant = flags.tenant === undefined ? anyTenant : await resolveTenant(http, cloud, flags.tenant)
  const scopes = flags.scope?.join(' ') ?? scopeOf(cloud.endpoints.activeDirectoryResourceId)
  const scope = `${scopes} ${personScopes}`
  const signIn = { http, cloud, clientId, tenant, scope }
  const hasBrowser = flags.useDeviceCode !== true && canOpenBrowser(context.env)
  const nonce = randomBytes(32).toString('hex')
  const response = hasBrowser ? await withBrowser(context, signIn, nonce) : await withDeviceCode(context, signIn)
  const { tenantId, name } = requireIdentity(response, clientId, hasBrowser ? nonce : undefined)
  const { refreshToken } = response
  if (refreshToken === undefined) throw failure('the sign-in service issued no refresh token')
  return {
    cloud,
    http,
    tenantId,
    allTenants: tenant === anyTenant,
    user: { name, type: 'user' },
    method: { kind: 'user', clientId },
    secrets: { refreshToken },
  }
}

/**
 * The user in an ID token. The ID token comes from the token endpoint over TLS, so its signature need not be verified.
 * [OpenID Connect Core 1.0 §3.1.3.7]
 */
function requireIdentity({ idToken }: TokenResponse, clientId: string, nonce: string | undefined) {
  const claims = unverifiedClaims(idToken ?? '')
  const { aud, exp, tid: tenantId } = claims
  const name = claims['preferred_username'] ?? claims['upn']
  const isValid =
    aud === clientId && Number(exp) * 1000 > Date.now() && (nonce === undefined || claims['nonce'] === nonce)
  if (!isValid || !isGuid(tenantId) || typeof name !== 'string')
    throw failure('the sign-in service issued an id token that is not valid for this sign-in')
  return { tenantId, name }
}

async function withBrowser(context: CommandContext, signIn: PersonSignIn, nonce: string): Promise<TokenResponse> {
  const { http, cloud, clientId, tenant, scope } = signIn
  const listener = await startRedirectListener()
  try {
    const verifier = randomBytes(32).toString('base64url')
    const state = randomBytes(16).toString('base64url')
    const url = new URL(oauthUrl(cloud, tenant, 'authorize'))
    url.search = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: listener.redirectUri,
      scope,
      state,
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
      nonce,
      prompt: 'select_account',
    }).toString()
    context.log.notice(`opening a browser to sign in. If no browser opens, use --use-device-code`)
    await openBrowser(url.href, context.env)
    const answer = await listener.answer(state)
    if (answer.code === undefined) throw failure(terminalText(answer.error ?? 'the sign-in was denied'))
    return await requestToken(http, oauthUrl(cloud, tenant, 'token'), {
      client_id: clientId,
      grant_type: 'authorization_code',
      code: answer.code,
      code_verifier: verifier,
      redirect_uri: listener.redirectUri,
      scope,
    })
  } finally {
    listener.close()
  }
}

/** [RFC 8628] */
async function withDeviceCode(context: CommandContext, signIn: PersonSignIn): Promise<TokenResponse> {
  const { http, cloud, clientId, tenant, scope } = signIn
  const started = await http.send(formRequest(oauthUrl(cloud, tenant, 'devicecode'), { client_id: clientId, scope }))
  const device = recordOf(jsonOf(started))
  const { device_code: deviceCode, message, interval } = device
  if (started.status !== 200 || typeof deviceCode !== 'string') throw denied(started, device)
  context.log.notice(terminalText(String(message)))
  let waitSeconds = typeof interval === 'number' ? interval : 5
  const expiresAtMs = Date.now() + Number(device['expires_in'] ?? 900) * 1000
  const form = {
    client_id: clientId,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: deviceCode,
  }
  while (Date.now() < expiresAtMs) {
    await sleep(waitSeconds * 1000)
    try {
      return await requestToken(http, oauthUrl(cloud, tenant, 'token'), form)
    } catch (error) {
      if (!(error instanceof TokenDenied)) throw error
      if (error.error === 'slow_down') waitSeconds += 5
      else if (error.error !== 'authorization_pending') throw error
    }
  }
  throw failure('the code expired before you signed in', 'run acrux login again')
}
