import type { FastifyReply } from 'fastify'
import { decodeJwt } from 'jose'
import { parseCookies } from '../../platform/http/cookies.ts'
import type { Call } from '../../platform/http/surface.ts'
import { currentWork } from '../../platform/process/authorized-work.ts'
import { secretEquals } from '../../platform/keys/sealing.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { Context } from './context.ts'
import type { PortalSignIns } from './model.ts'
import { confirmedPath, portalPath, returnPathOf } from './return-path.ts'
import { type SignInFlow, type SignInKind, authorizationPath, readFlow, startFlow, writeFlow } from './sign-in-flow.ts'

type PageCall = Call<unknown>

/** Why a sign-in failed. The page of the portal explains it. */
type Failure = 'expired' | 'denied' | 'invalid' | 'unavailable' | 'other-person'

const kinds: Readonly<Record<string, SignInKind>> = { fresh: 'fresh', switch: 'switch' }

/**
 * Starts a sign-in: stores the flow in a cookie, and redirects to the identity provider. Another site cannot start a sign-in, because a
 * sign-in would end the current session and its logins. A link on another site only opens the sign-in page. A new authentication
 * (`kind=fresh`) is for one `person`. Only this kind fills in the user name from `hint`, because a filled-in name skips the choice of the
 * account. [Fetch Metadata §2.3]
 */
export async function startSignIn(context: Context, { request, reply }: PageCall): Promise<FastifyReply> {
  const { clock, cookies, sealer, signIns } = context
  const query = request.query as Readonly<Record<string, unknown>>
  const kind = kinds[String(query['kind'])] ?? 'usual'
  const returnPath = returnPathOf(query['return'])
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : undefined)
  const site = request.headers['sec-fetch-site']
  if (site === 'cross-site' || site === 'same-site') return redirect(reply, returnPath)
  const isFresh = kind === 'fresh'
  const personId = isFresh ? parseGuid(text('person') ?? '') : undefined
  if (isFresh && personId === undefined) return redirect(reply, portalPath)
  const flow = startFlow(clock, { kind, returnPath: isFresh ? confirmedPath : returnPath, personId })
  reply.header('set-cookie', cookies.writeFlow(writeFlow(sealer, flow)))
  return redirect(reply, authorizationPath(signIns.client, flow, isFresh ? text('hint') : undefined))
}

/**
 * Completes a sign-in in the browser that started it: redeems the code, and creates a session with a new id. If this browser did not
 * request the response, the function changes nothing, so another site cannot sign a person in. The function also changes nothing if a
 * person must authenticate again and a different person signs in. [RFC 6749 §10.12; RFC 9700 §4.7]
 */
export async function completeSignIn(context: Context, call: PageCall): Promise<FastifyReply> {
  const { cookies, clock, sealer } = context
  const { request, reply } = call
  const received = parseCookies(request.headers.cookie)
  const flow = readFlow(sealer, clock, received.get(cookies.flow))
  const query = request.query as Readonly<Record<string, unknown>>
  const state = query['state']
  if (flow === undefined || typeof state !== 'string' || !secretEquals(flow.state, state)) return fail(call, 'expired')
  reply.header('set-cookie', cookies.removeFlow)
  if (query['error'] !== undefined) return fail(call, query['error'] === 'access_denied' ? 'denied' : 'invalid', flow)
  // The server redeems a code only once, so this request cannot be repeated after this line.
  currentWork()?.keepResult()
  const signedIn = await redeem(context, call, flow)
  if (typeof signedIn === 'string') return fail(call, signedIn, flow)
  if (flow.personId !== undefined && flow.personId !== signedIn.objectId) {
    await context.database.transaction((transaction) => context.signIns.end(transaction, signedIn.signInId))
    return fail(call, 'other-person', flow, signedIn.userPrincipalName)
  }
  const old = received.get(cookies.session)
  const id = await context.database.transaction((transaction) => context.sessions.start(transaction, signedIn, old))
  reply.header('set-cookie', cookies.writeSession(id))
  return redirect(reply, flow.returnPath)
}

async function redeem(context: Context, { request, origin }: PageCall, flow: SignInFlow) {
  const { publicOrigin, signIns, requestToken } = context
  const { clientId, redirectUri } = signIns.client
  const { code, iss } = request.query as Readonly<Record<string, unknown>>
  if (typeof code !== 'string' || typeof iss !== 'string' || !iss.startsWith(`${publicOrigin}/`)) return 'invalid'
  const { status, body } = await requestToken({
    path: '/organizations/oauth2/v2.0/token',
    host: new URL(String(publicOrigin)).host,
    form: {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: redirectUri,
      code_verifier: flow.verifier,
    },
    origin,
  })
  if (status >= 500 || status === 429) return 'unavailable'
  if (status !== 200) return 'expired'
  return verifyTokens(signIns, flow, { ...body, iss })
}

/** The parts of the tokens that the session needs, if the tokens belong to this sign-in. */
async function verifyTokens(
  signIns: PortalSignIns,
  flow: SignInFlow,
  {
    access_token: accessToken,
    refresh_token: refreshToken,
    id_token: idToken,
    iss,
  }: Readonly<Record<string, unknown>> & { readonly iss: string },
) {
  if (typeof accessToken !== 'string' || typeof refreshToken !== 'string' || typeof idToken !== 'string')
    return 'invalid'
  // The token endpoint of this server sent the token, so its signature needs no check. [OpenID Connect Core §3.1.3.7]
  const claims = decodeJwt(idToken)
  const person = await signIns.verify(accessToken)
  const isOurs = claims.nonce === flow.nonce && claims.aud === signIns.client.clientId && claims.iss === iss
  if (!isOurs || person === undefined || person.objectId !== claims.sub) return 'invalid'
  const { objectId, signInId, userPrincipalName } = person
  // The request for a new authentication is not evidence of one, because the person may have removed `prompt` from the address.
  const authenticatedAtMs = typeof claims['auth_time'] === 'number' ? claims['auth_time'] * 1000 : 0
  return { objectId, signInId, userPrincipalName, refreshToken, authenticatedAtMs }
}

/**
 * Shows why a sign-in failed. A new authentication shows this in its own window, because the page that requested it still has its session.
 */
function fail({ reply, origin }: PageCall, reason: Failure, flow?: SignInFlow, userName?: string): FastifyReply {
  const query = new URLSearchParams({ reason, id: origin.correlationId, ...(userName !== undefined && { userName }) })
  const page = flow?.kind === 'fresh' ? confirmedPath : `${portalPath}sign-in-failed`
  return redirect(reply, `${page}?${query.toString()}`)
}

function redirect(reply: FastifyReply, location: string): FastifyReply {
  return reply
    .code(303)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('location', location)
    .send()
}
