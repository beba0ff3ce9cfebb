import { CommandFailure, failure } from '../../framework/command/failure.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { isRecord } from '../../framework/values/record.ts'
import { isServerHost } from '../../framework/values/server-host.ts'
import { type HttpClient, type HttpResponse, formRequest, jsonOf } from '../http/http.ts'

/** The registry did not exchange the identity token. */
export class ExchangeDenied extends CommandFailure {
  override readonly name = 'ExchangeDenied'
  readonly status: number

  constructor(status: number, message: string, nextStep: string) {
    super(message, 1, nextStep)
    this.status = status
  }
}

const checkName = 'check the name of the registry: acrux acr list'

/** The Bearer challenge of a registry. */
export type Challenge = { readonly realm: URL; readonly service: string }

/**
 * Asks a registry for its challenge. The realm must be on the host of the registry, because docker and acrux send
 * credentials to the realm.
 *
 * @throws CommandFailure with az's title of the error. [acr-protocol §2.1, §2.2]
 */
export async function requireChallenge(http: HttpClient, loginServer: string): Promise<Challenge> {
  if (!isServerHost(loginServer))
    throw failure(`'${terminalLine(loginServer)}' is not the login server of a registry`, checkName)
  const url = `https://${loginServer}/v2/`
  const response = await http.send({ method: 'GET', url }).catch((error: unknown) => {
    throw failure(
      `Could not connect to the registry login server '${loginServer}'. Please verify that the registry exists and the URL '${url}' is reachable from your environment.`,
      error instanceof Error ? error.message : undefined,
      error,
    )
  })
  if (response.status === 403) {
    throw titled(
      'CONNECTIVITY_FORBIDDEN_ERROR',
      `Looks like you don't have access to registry '${loginServer}'. To see configured firewall rules, run 'az acr show --query networkRuleSet --name ${loginServer.split('.')[0] ?? ''}'.`,
      'allow the address of this machine in the firewall of the registry',
    )
  }
  const header = response.headers['www-authenticate']
  if (response.status !== 401 || header === undefined)
    throw titled('CONNECTIVITY_CHALLENGE_ERROR', `Registry '${loginServer}' did not issue a challenge.`, checkName)
  const challenge = parseChallenge(header)
  if (challenge === undefined)
    throw titled('CONNECTIVITY_AAD_LOGIN_ERROR', `Registry '${loginServer}' does not support AAD login.`, checkName)
  const { realm } = challenge
  if (realm.hostname !== new URL(url).hostname)
    throw failure(
      `the registry '${loginServer}' names the token service ${realm.host}, which is on a different host, so acrux sends no credentials`,
      'set publicHost on the server; a proxy in front of the server must forward the Host header',
    )
  return challenge
}

/** Parses `Bearer realm="…",service="…"`. Undefined for another challenge. [RFC 6750 §3] */
export function parseChallenge(header: string): Challenge | undefined {
  const [, parameters] = /^Bearer +(.*)$/i.exec(header) ?? []
  const values = new Map([...(parameters ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
  const realm = URL.parse(values.get('realm') ?? '')
  const service = values.get('service')
  return realm === null || realm.protocol !== 'https:' || service === undefined ? undefined : { realm, service }
}

export type Exchange = {
  readonly tenantId: string | undefined
  readonly identityToken: string
  /** The application, for a token of an external issuer that several applications trust. An extension of Acrux. */
  readonly clientId?: string | undefined
  /** Limits that only Acrux servers support. Registries of Azure ignore the limits, so the exchange fails. */
  readonly narrowing?: Narrowing | undefined
}

/** The limits of a login, in addition to the limits of the caller. */
export type Narrowing = { readonly scopes: readonly string[]; readonly lifeSeconds: number | undefined }

/** Exchanges an identity token for an ACR refresh token. @throws ExchangeDenied. [acr-protocol §2.1 step 7] */
export async function exchangeForAcrToken(
  http: HttpClient,
  loginServer: string,
  { tenantId, identityToken, clientId, narrowing }: Exchange,
): Promise<string> {
  const { realm, service } = await requireChallenge(http, loginServer)
  // The realm determines the host of the exchange, but not the path.
  const url = new URL('/oauth2/exchange', realm)
  const form = {
    grant_type: 'access_token',
    service,
    tenant: tenantId,
    access_token: identityToken,
    client_id: clientId,
    ...(narrowing !== undefined && {
      scope: narrowing.scopes.length === 0 ? undefined : narrowing.scopes.join(' '),
      expires_in: narrowing.lifeSeconds?.toString(),
    }),
  }
  const response = await http.send(formRequest(url.href, form))
  const body = jsonOf(response)
  if (response.status === 200 && isRecord(body) && typeof body['refresh_token'] === 'string') {
    const isNarrowed = (narrowing?.scopes.length ?? 0) === 0 || typeof body['scope'] === 'string'
    const isLimited = narrowing?.lifeSeconds === undefined || typeof body['expires_in'] === 'number'
    if (isNarrowed && isLimited) return body['refresh_token']
    throw failure(
      `the registry '${loginServer}' does not support logins with --scope or --ttl`,
      'omit --scope and --ttl',
    )
  }
  throw exchangeDenied(loginServer, response, body)
}

function exchangeDenied(loginServer: string, response: HttpResponse, body: unknown): ExchangeDenied {
  const { status, correlationId } = response
  const title = status === 429 ? 'CONNECTIVITY_TOOMANYREQUESTS_ERROR' : 'CONNECTIVITY_REFRESH_TOKEN_ERROR'
  const reason = messageOf(body)
  const text = [
    `Access to registry '${loginServer}' was denied. Response code: ${status}.`,
    ...(reason === undefined ? [] : [terminalLine(reason)]),
    ...(correlationId === undefined ? [] : [`Correlation ID: ${correlationId}.`]),
  ].join(' ')
  return new ExchangeDenied(
    status,
    `An error occurred: ${title}\n${text}`,
    correlationId === undefined ? 'sign in again: acrux login' : `acrux acr why ${correlationId} explains the denial`,
  )
}

function messageOf(body: unknown): string | undefined {
  const errors = isRecord(body) ? body['errors'] : undefined
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined
  return isRecord(first) && typeof first['message'] === 'string' ? first['message'] : undefined
}

function titled(title: string, message: string, nextStep: string): CommandFailure {
  return failure(`An error occurred: ${title}\n${message}`, nextStep)
}
