import type { ServerResponse } from 'node:http'
import type { Origin } from '../../platform/http/app.ts'
import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import type { Context } from '../sessions/context.ts'
import { PortalError } from '../sessions/errors.ts'
import type { Abilities, FindRegistry, PortalPerson, PortalSession } from '../sessions/model.ts'
import { absoluteMs, idleMs } from '../sessions/portal-sessions.ts'

/** A request of a signed-in person to an endpoint of the portal itself. */
export type SessionCall = {
  readonly session: PortalSession
  readonly person: PortalPerson
  readonly origin: Origin
  readonly response: ServerResponse
  /** The `Cookie` header. */
  readonly cookieHeader: string | undefined
  readonly query: URLSearchParams
}

/**
 * Returns the signed-in person and the expiry of the session. If the query contains the name or the login server of a registry, the
 * response also contains the registry.
 */
export async function getSession(context: Context, { session, person, query }: SessionCall) {
  const { signIns, publicOrigin } = context
  const name = query.get('registry')
  const loginServer = query.get('loginServer')
  const { objectId, displayName, userPrincipalName, tenantId } = person
  return {
    person: { objectId, displayName, userPrincipalName, tenantId },
    publicOrigin,
    authenticatedAt: new Date(session.authenticatedAtMs).toISOString(),
    expiresAt: new Date(session.createdAtMs + absoluteMs).toISOString(),
    idleSeconds: idleMs / 1000,
    hasSecondFactor: await signIns.hasSecondFactor(objectId),
    ...(name !== null && (await findRegistry(context, { name }))),
    ...(loginServer !== null && (await findRegistry(context, { loginServer }))),
  }
}

/**
 * The value is null without such a registry. The response contains the name for commands, even for people whose roles do not include the
 * properties of the registry.
 */
async function findRegistry(context: Context, by: Parameters<FindRegistry>[0]) {
  const found = await context.findRegistry(by)
  return { registry: found ? { name: found.name, loginServer: found.loginServer } : null }
}

/**
 * The parts of the portal that the person can use, with one request for each registry. These are only hints: the surfaces check each
 * request.
 */
export function getAbilities({ findAbilities }: Context, { person, query }: SessionCall): Promise<Abilities> {
  return findAbilities(person.objectId, query.get('registry') ?? undefined)
}

/** Ends this session, and ends the sign-in of the person in this browser. */
export async function signOut(context: Context, call: SessionCall): Promise<undefined> {
  await endSessions(context, call, 'this browser')
}

/** Ends all sessions of the person in the portal, and ends the sign-in of the person in this browser. */
export async function signOutEverywhere(context: Context, call: SessionCall): Promise<undefined> {
  await endSessions(context, call, 'all browsers')
}

/**
 * Returns a login of one registry for the programs of the person, with the content of `az acr login --expose-token`. The portal sends no
 * other token to the browser. The token is valid for three hours, if the sign-in of the session remains valid.
 *
 * @throws PortalError 404 for a text that is no login server, 403 without a role on the registry
 */
export async function createLogin({ tokens }: Context, { session, origin, query }: SessionCall) {
  const loginServer = parseLoginServer(query.get('loginServer') ?? '')
  if (loginServer === undefined) throw new PortalError('notFound')
  return { loginServer, username: nullGuid, password: await tokens.loginOf(session, loginServer, origin) }
}

async function endSessions(
  { database, audit, sessions, tokens, cookies, onSignOut }: Context,
  { session, origin, response, cookieHeader }: SessionCall,
  where: 'this browser' | 'all browsers',
): Promise<void> {
  const { objectId, signInId } = session
  const ended = await database.transaction(async (transaction) => {
    await audit.record(transaction, {
      action: 'portal.sign-out',
      outcome: 'success',
      actor: { kind: 'user', id: objectId },
      credential: { kind: 'sign-in', id: signInId },
      target: objectId,
      detail: { where },
      origin,
    })
    if (where === 'all browsers') await sessions.endAllOf(transaction, objectId)
    else await sessions.end(transaction, session)
    return onSignOut(transaction, cookieHeader, objectId)
  })
  tokens.forgetAll(session)
  response.setHeader('set-cookie', [cookies.removeSession, ...(ended === undefined ? [] : [ended])])
}
