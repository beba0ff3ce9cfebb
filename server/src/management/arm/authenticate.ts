import type { FastifyRequest } from 'fastify'
import { failedBefore } from '../../authorization/index.ts'
import type { IdentityRejection, RejectedToken } from '../../identity/index.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { explainRejectedIdentityToken } from '../../token-service/index.ts'
import type { ArmContext, ManagementCaller } from './context.ts'
import { ArmError, type ArmErrorOptions } from './errors.ts'

type Context = Pick<ArmContext, 'clock' | 'directory' | 'publicOrigin'>

/**
 * Authenticates the sender by an IdP access token for ARM. [RFC 6750 §2.1] The token of a request that `isUnderWay` may have
 * expired since it was accepted.
 *
 * @throws ArmError 401
 */
export async function authenticate(
  context: Pick<ArmContext, 'clock' | 'directory' | 'identity' | 'publicOrigin'>,
  request: FastifyRequest,
  isUnderWay: boolean,
): Promise<ManagementCaller> {
  const { authorization: header } = request.headers
  if (header === undefined) throw await rejection(context, "The 'Authorization' header is missing.")
  const authorization = parseAuthorization(header)
  if (authorization.scheme !== 'bearer') {
    const recorded = { decision: failedBefore('unusable-authorization') }
    throw await rejection(context, "The 'Authorization' header is provided in an invalid format.", recorded)
  }
  const verified = await context.identity.verifyAccessToken(authorization.token, ['arm'], isUnderWay)
  if (!verified.ok) throw await tokenRejection(context, verified)
  const { principal, credentialId, credentialKind } = verified.identity
  const credential = credentialId === undefined ? undefined : { kind: credentialKind, id: credentialId }
  return { principal, credentialId, credential, rights: await rightsOf(context, principal.objectId) }
}

/**
 * The sender of an earlier request as it is now, for work that continues after the request; undefined if the principal, the
 * credential or the signing key of the token is no longer valid. The expiry of the token does not end the work.
 */
export async function callerNow(
  context: Pick<ArmContext, 'credentials' | 'directory' | 'identity'>,
  caller: ManagementCaller,
  header: string | undefined,
): Promise<ManagementCaller | undefined> {
  const authorization = parseAuthorization(header)
  if (authorization.scheme !== 'bearer') return undefined
  const verified = await context.identity.verifyAccessToken(authorization.token, ['arm'])
  if (!verified.ok && verified.reason !== 'expired') return undefined
  const { objectId } = caller.principal
  if (!verified.ok && !(await context.credentials.credentialStands(objectId, caller.credential))) return undefined
  return { ...caller, rights: await rightsOf(context, objectId) }
}

async function rightsOf(
  { directory }: Pick<ArmContext, 'directory'>,
  objectId: string,
): Promise<ManagementCaller['rights']> {
  return { kind: 'directory', objectId, groupIds: await directory.groupIdsOf(objectId) }
}

/** The reasons that a new token may fix: a client with continuous access evaluation requests one, once, and retries. */
const mendedByNewToken: readonly IdentityRejection[] = ['signature', 'expired', 'principal', 'credential']

async function tokenRejection(context: Context, rejected: RejectedToken): Promise<ArmError> {
  const { reason, owner } = rejected
  const message =
    reason === 'expired'
      ? 'The access token has expired.'
      : reason === 'audience'
        ? 'The access token has been obtained for the wrong audience or resource.'
        : 'The access token is invalid.'
  const recorded = { decision: await explainRejectedIdentityToken(context.directory, rejected), owner }
  if (!mendedByNewToken.includes(reason)) return rejection(context, message, recorded)
  const notBefore = String(Math.floor(context.clock.now() / 1000))
  const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: notBefore } } })
  const challenge = [
    'Bearer realm=""',
    `authorization_uri="${await authorizationUri(context)}"`,
    'error="insufficient_claims"',
    `claims="${Buffer.from(claims).toString('base64')}"`,
  ]
  return new ArmError('authenticationFailed', message, { challenge: challenge.join(', '), ...recorded })
}

async function rejection(
  context: Context,
  why: string,
  recorded: Pick<ArmErrorOptions, 'decision' | 'owner'> = {},
): Promise<ArmError> {
  const challenge = [
    `Bearer authorization_uri="${await authorizationUri(context)}"`,
    'error="invalid_token"',
    `error_description="${why}"`,
  ]
  return new ArmError('authenticationFailed', `Authentication failed. ${why}`, {
    challenge: challenge.join(', '),
    ...recorded,
  })
}

async function authorizationUri({ publicOrigin, directory }: Context): Promise<string> {
  return `${publicOrigin}/${(await directory.tenant()).tenantId}`
}
