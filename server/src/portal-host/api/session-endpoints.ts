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

/** Who is signed in, and until when; with the name or login server of a registry in the query, also the registry. */
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

/** Null without such a registry. Its name is in commands, also for people whose roles do not include its properties. */
async function findRegistry(context: Context, by: Parameters<FindRegistry>[0]) {
  const found = await context.findRegistry(by)
  return { registry: found ? { name: found.name, loginServer: found.loginServer } : null }
}

/** What the person can use: hints for the portal, in one request for each registry. The surfaces still decide. */
export function getAbilities({ findAbilities }: Context, { person, query }: SessionCall): Promise<Abilities> {
  return findAbilities(person.objectId, query.get('registry') ?? undefined)
}

/** Ends this session, and the sign-in of the person in this browser. */
export async function signOut(context: Context, call: SessionCall): Promise<undefined> {
  await endSessions(context, call, 'this browser')
}

/** Ends all sessions of the person in the portal, and their sign-in in this browser. */
export async function signOutEverywhere(context: Context, call: SessionCall): Promise<undefined> {
  await endSessions(context, call, 'all browsers')
}

/**
 * A login of one registry for the programs of the person: what `az acr login --expose-token` shows. The only token that the
 * portal gives to the browser; it is valid for three hours, and while the sign-in of the session is.
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
