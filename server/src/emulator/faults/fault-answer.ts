import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { matchAcrPath } from '@acrux/shared/standards/azure/acr-path.ts'
import { formatAccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { bearerChallenge } from '@acrux/shared/standards/oauth/challenge.ts'
import { matchOciPath } from '@acrux/shared/standards/oci/oci-path.ts'
import type { OciErrorCode } from '@acrux/shared/standards/oci/oci-error.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { registryRoutes } from '../../registry/index.ts'
import { type InterceptedExchange, answerError } from '../records/answer-error.ts'
import type { RequestFacts } from '../records/request-facts.ts'
import type { FaultEffect } from './fault.ts'

/** An error response that a fault demands. */
export type AnsweredFault = Extract<FaultEffect, { status: number } | { challenge: string }>

/** Answers a request with the error that the fault demands, in the format of the surface. */
export function answerFault(exchange: InterceptedExchange, fault: AnsweredFault, nowMs: number): void {
  const { request, facts } = exchange
  const status = 'status' in fault ? fault.status : 401
  const retryAfter = 'status' in fault ? fault.retryAfterSeconds : undefined
  const stamp = { id: newTimeOrderedId(nowMs), nowMs }
  answerError(exchange, stamp.id, {
    status,
    body: bodyOf(facts, status, stamp),
    headers: {
      ...(facts.surface === 'registry' && { 'docker-distribution-api-version': 'registry/2.0' }),
      ...('challenge' in fault && { 'www-authenticate': challengeOf(request, facts, fault.challenge) }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
  })
}

const message = 'A fault that was set with POST /_acrux/faults affects this request.'

type Stamp = { readonly id: string; readonly nowMs: number }

function bodyOf({ surface }: RequestFacts, status: number, stamp: Stamp): unknown {
  switch (surface) {
    case 'registry':
    case 'token':
    case 'exchange':
      return { errors: [{ code: ociCodes.get(status) ?? otherOciCode(status), message, detail: null }] }
    case 'graph':
      return { error: { code: graphCodes.get(status) ?? otherCode(status), message, innerError: innerErrorOf(stamp) } }
    case 'login':
      return oauthError(status, stamp)
    case 'arm':
    case undefined:
      return { error: { code: armCodes.get(status) ?? otherCode(status), message } }
  }
}

const ociCodes: ReadonlyMap<number, OciErrorCode> = new Map([
  [401, 'UNAUTHORIZED'],
  [403, 'DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'UNSUPPORTED'],
  [409, 'CONFLICT'],
  [416, 'RANGE_INVALID'],
  [429, 'TOOMANYREQUESTS'],
  [503, 'UNAVAILABLE'],
])

function otherOciCode(status: number): OciErrorCode {
  return status < 500 ? 'BAD_REQUEST' : 'UNKNOWN'
}

const armCodes: ReadonlyMap<number, string> = new Map([
  [401, 'AuthenticationFailed'],
  [403, 'AuthorizationFailed'],
  [404, 'ResourceNotFound'],
  [409, 'Conflict'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
  [507, 'InsufficientStorage'],
])

const graphCodes: ReadonlyMap<number, string> = new Map([
  [401, 'InvalidAuthenticationToken'],
  [403, 'Authorization_RequestDenied'],
  [404, 'Request_ResourceNotFound'],
  [409, 'Request_MultipleObjectsWithSameKeyValue'],
  [429, 'TooManyRequests'],
  [503, 'ServiceUnavailable'],
  [507, 'InsufficientStorage'],
])

function otherCode(status: number): string {
  return status < 500 ? 'BadRequest' : 'InternalServerError'
}

function innerErrorOf({ id, nowMs }: Stamp) {
  return { date: new Date(nowMs).toISOString().slice(0, 19), 'request-id': id }
}

/** The error of the identity provider: throttled, failed, or an invalid request. [Entra, AADSTS error codes] */
function oauthError(status: number, { id, nowMs }: Stamp) {
  const [error, number] = oauthCodeOf(status)
  const timestamp = new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ').concat('Z')
  return {
    error,
    error_description: `AADSTS${number}: ${message}\r\nTrace ID: ${id}\r\nCorrelation ID: ${id}\r\nTimestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: id,
    correlation_id: id,
  }
}

function oauthCodeOf(status: number): readonly [string, number] {
  if (status === 429) return ['temporarily_unavailable', 90055]
  if (status >= 500) return [status === 503 ? 'temporarily_unavailable' : 'server_error', 90033]
  return status === 401 ? ['invalid_token', 500133] : ['invalid_request', 9002313]
}

function challengeOf(request: IncomingMessage, facts: RequestFacts, error: 'invalid_token' | 'insufficient_scope') {
  const { host = 'localhost' } = request.headers
  const origin = `${request.socket instanceof TLSSocket ? 'https' : 'http'}://${host}`
  switch (facts.surface) {
    case 'registry':
    case 'token':
    case 'exchange': {
      const realm = `${origin}/oauth2/token`
      return bearerChallenge({ realm, service: host, scope: neededScope(facts), error })
    }
    default:
      return `Bearer authorization_uri="${origin}/organizations/", error="${error}"`
  }
}

/** The access scope that the route needs; undefined if authentication suffices. */
function neededScope({ method, path, repositories: [repository] }: RequestFacts): string | undefined {
  const oci = matchOciPath(path)
  const surface = oci === undefined ? 'acr' : 'oci'
  const kind = (oci ?? matchAcrPath(path))?.kind
  const route = registryRoutes.find((row) => row.surface === surface && row.kind === kind && row.method === method)
  if (route === undefined || route.need.kind === 'signed-in') return undefined
  if (route.need.kind === 'catalog')
    return formatAccessScope({ type: 'registry', name: route.need.name, actions: ['*'] })
  return formatAccessScope({ type: 'repository', name: repository ?? '', actions: [...route.need.actions] })
}
