import type { Directory } from '../../directory/index.ts'
import type { KeyRing } from '../../platform/keys/key-ring.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { type Audiences, userInfoAudience } from '../tokens/audiences.ts'
import { type Client, type Clients, findRedirectPlatform } from '../tokens/clients.ts'
import { EntraError } from '../tokens/errors.ts'
import { type Handles, makeHandle } from '../grants/handles.ts'
import { hintedClientId } from '../tokens/id-token-hint.ts'
import { recordSignIn } from '../grants/record-sign-in.ts'
import { parseDelegatedScope } from '../tokens/scopes.ts'
import type { Credentials } from '../../credentials/index.ts'
import type {
  AuthorizationReading,
  AuthorizationRequest,
  AuthorizationResponse,
  ResponseMode,
  SignInProtocol,
} from './sign-in-protocol.ts'
import { type TokenVersion, issuersOf, requireTenant } from '../tokens/tenants.ts'
import { authorizationCodeSeconds } from '../tokens/token-parameters.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

export type AuthorizationOptions = {
  readonly database: Database
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clients: Clients
  readonly audiences: Audiences
  readonly handles: Handles
  readonly keys: KeyRing
  readonly publicOrigin: PublicOrigin
}

/** A client with a registered redirect URI. Errors are returned to it. */
type Addressee = {
  readonly client: Client
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
  readonly issuer: string
}

/** base64url of a SHA-256. [RFC 7636 §4.2] */
const challengePattern = /^[A-Za-z0-9_-]{43}$/
const prompts = ['login', 'select_account', 'consent', 'none'] as const
const maxTextLength = 2048
const maxHintLength = 320

/** Creates the authorization endpoint's part of the protocol. */
export function createAuthorization(
  options: AuthorizationOptions,
): Omit<SignInProtocol, 'findClient' | 'findDeviceRequest' | 'answerDeviceRequest'> {
  const { database, credentials, clients, handles, publicOrigin } = options
  return {
    readAuthorizationRequest: async (parameters, tenantSegment, version) => {
      try {
        return await readRequest(options, requireSingle(parameters), tenantSegment, version)
      } catch (error) {
        if (error instanceof EntraError) return { ok: false, page: error }
        throw error
      }
    },
    rejectAuthorization: (request, rejection, description) =>
      errorResponse(
        { ...request, issuer: issuersOf(publicOrigin, request.tenantId)[request.version] },
        rejection,
        description,
      ),
    issueCode: async (request, signedIn, alsoRecord) => {
      const { user, methods, authenticatedAtMs, signInId } = signedIn
      const { client, tenantId, redirectUri, codeChallenge, nonce, scope, resource } = request
      const authentication = { methods, authenticatedAtMs }
      const code = makeHandle('authorization_code')
      const lifetimeMs = authorizationCodeSeconds * 1000
      await database.transaction(async (transaction) => {
        const newSignIn = { ...authentication, user, clientId: client.clientId, lifetimeMs }
        const signIn = await recordSignIn(credentials, transaction, newSignIn, signInId)
        await alsoRecord?.(transaction)
        const data = {
          ...authentication,
          objectId: user.objectId,
          tenantId,
          clientId: client.clientId,
          redirectUri,
          codeChallenge,
          nonce,
          scope,
          resource,
        }
        const owner = { objectId: user.objectId, signInId: signIn.id }
        await handles.put(transaction, 'authorization_code', code, { data, lifetimeMs, ...owner })
      })
      return respond({ ...request, issuer: issuersOf(publicOrigin, tenantId)[request.version] }, { code })
    },
    findClientName: async (clientId) => (await clients.find(clientId))?.displayName,
    readLogoutRequest: async (parameters) => {
      const values = requireSingle(parameters)
      const redirectUri = values.get('post_logout_redirect_uri') ?? ''
      const named = values.get('client_id')?.toLowerCase()
      const hinted = await hintedClientId(options, values.get('id_token_hint') ?? '')
      // If both the client id and the hint are present, they must name the same client.
      const isSame = named === undefined || hinted === undefined || named === hinted
      const client = isSame ? await clients.find(named ?? hinted ?? '') : undefined
      const isRegistered = client !== undefined && findRedirectPlatform(client, redirectUri) !== undefined
      return { redirectUri: isRegistered ? redirectUri : undefined, state: values.get('state') }
    },
  }
}

/** The parameters of a request, without duplicates. @throws EntraError 9000411 */
function requireSingle(parameters: URLSearchParams | Form): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const [name, value] of parameters) {
    const [first, ...more] = typeof value === 'string' ? [value] : value
    if (values.has(name) || more.length > 0) throw new EntraError('duplicated', [name])
    if (first !== undefined) values.set(name, first)
  }
  return values
}

async function readRequest(
  { directory, clients, audiences, publicOrigin }: AuthorizationOptions,
  values: ReadonlyMap<string, string>,
  tenantSegment: string,
  version: TokenVersion,
): Promise<AuthorizationReading> {
  const { tenant } = await requireTenant(directory, tenantSegment)
  const clientId = values.get('client_id') ?? ''
  if (clientId === '') throw new EntraError('missingParameter', ['client_id'])
  const client = await clients.find(clientId)
  if (client === undefined) throw new EntraError('unknownApplication', [clientId, tenant.tenantId])
  const redirectUri = values.get('redirect_uri') ?? ''
  if (findRedirectPlatform(client, redirectUri) === undefined) {
    throw new EntraError('unknownRedirect', [redirectUri, client.clientId])
  }
  const issuer = issuersOf(publicOrigin, tenant.tenantId)[version]
  const responseMode = values.get('response_mode') === 'form_post' ? 'form_post' : 'query'
  const addressee = { client, redirectUri, responseMode, state: values.get('state'), issuer } as const
  const problem = findProblem(values)
  if (problem !== undefined)
    return { ok: false, redirect: errorResponse(addressee, problem.error, problem.description) }
  const access = readAccess(values, audiences, publicOrigin, version)
  if ('error' in access) return { ok: false, redirect: errorResponse(addressee, access.error, access.description) }
  const request: AuthorizationRequest = {
    client,
    version,
    tenantId: tenant.tenantId,
    redirectUri,
    responseMode,
    scope: access.scope,
    resource: access.resource,
    state: addressee.state,
    nonce: values.get('nonce'),
    codeChallenge: values.get('code_challenge') ?? '',
    prompt: prompts.find((prompt) => prompt === values.get('prompt')),
    loginHint: values.get('login_hint')?.slice(0, maxHintLength),
    domainHint: values.get('domain_hint')?.slice(0, maxHintLength),
    maxAgeSeconds: values.has('max_age') ? Number(values.get('max_age')) : undefined,
  }
  return { ok: true, request }
}

type Problem = { readonly error: string; readonly description: string }

type Values = ReadonlyMap<string, string>
type Check = (values: Values) => Problem | undefined

/**
 * The checks of a request after its client and redirect URI were verified, in this order.
 * [RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6; RFC 7636 §4.4.1]
 */
const checks: readonly Check[] = [
  findUnsupportedParameter,
  findResponseTypeProblem,
  findResponseModeProblem,
  findChallengeProblem,
  findLengthProblem,
  findPromptProblem,
  findMaxAgeProblem,
]

/** Finds the first error of a request. */
function findProblem(values: Values): Problem | undefined {
  for (const check of checks) {
    const problem = check(values)
    if (problem !== undefined) return problem
  }
  return undefined
}

function findUnsupportedParameter(values: Values): Problem | undefined {
  const name = ['request', 'request_uri', 'registration'].find((each) => values.has(each))
  if (name === undefined) return undefined
  return { error: `${name}_not_supported`, description: `'${name}' is not supported.` }
}

function findResponseTypeProblem(values: Values): Problem | undefined {
  if (values.get('response_type') === 'code') return undefined
  return { error: 'unsupported_response_type', description: "AADSTS70005: 'response_type' must be 'code'." }
}

function findResponseModeProblem(values: Values): Problem | undefined {
  if (['query', 'form_post'].includes(values.get('response_mode') ?? 'query')) return undefined
  return invalidRequest("AADSTS70007: 'response_mode' must be 'query' or 'form_post'.")
}

function findChallengeProblem(values: Values): Problem | undefined {
  const isValid =
    values.get('code_challenge_method') === 'S256' && challengePattern.test(values.get('code_challenge') ?? '')
  if (isValid) return undefined
  return invalidRequest("AADSTS9002325: Proof Key for Code Exchange is required, with 'code_challenge_method=S256'.")
}

function findLengthProblem(values: Values): Problem | undefined {
  const name = ['state', 'nonce', 'scope'].find((each) => (values.get(each)?.length ?? 0) > maxTextLength)
  return name === undefined ? undefined : invalidRequest(`AADSTS9002313: '${name}' is too long.`)
}

function findPromptProblem(values: Values): Problem | undefined {
  const prompt = values.get('prompt')
  if (prompt === undefined || prompts.some((known) => known === prompt)) return undefined
  return invalidRequest("AADSTS90023: 'prompt' must be one of 'login', 'select_account', 'consent', 'none'.")
}

function findMaxAgeProblem(values: Values): Problem | undefined {
  if (/^\d{1,9}$/.test(values.get('max_age') ?? '0')) return undefined
  return invalidRequest("AADSTS90023: 'max_age' must be seconds.")
}

function invalidRequest(description: string): Problem {
  return { error: 'invalid_request', description }
}

function readAccess(
  values: ReadonlyMap<string, string>,
  audiences: Audiences,
  publicOrigin: PublicOrigin,
  version: TokenVersion,
): Pick<AuthorizationRequest, 'scope' | 'resource'> | Problem {
  const scope = values.get('scope') ?? (version === '1.0' ? 'openid' : '')
  if (scope.trim() === '') return { error: 'invalid_scope', description: "AADSTS900144: 'scope' is missing." }
  const parsed = parseDelegatedScope(scope, audiences)
  switch (parsed.kind) {
    case 'invalid':
      return { error: 'invalid_scope', description: "AADSTS70011: 'scope' must name exactly one resource." }
    case 'unknown-resource':
      return { error: 'invalid_resource', description: 'AADSTS500011: The resource was not found in the tenant.' }
    case 'ok': {
      const named = values.get('resource')
      if (named === undefined) {
        return { scope, resource: parsed.resource ?? { audience: 'userinfo', aud: userInfoAudience(publicOrigin) } }
      }
      if (version !== '1.0') {
        return { error: 'invalid_request', description: "AADSTS901002: 'resource' is not supported." }
      }
      const found = audiences.find(named)
      if (found !== undefined && found.audience !== 'userinfo') return { scope, resource: found }
      return { error: 'invalid_resource', description: 'AADSTS500011: The resource was not found in the tenant.' }
    }
  }
}

function errorResponse(
  addressee: Omit<Addressee, 'client'>,
  error: string,
  description: string,
): AuthorizationResponse {
  return respond(addressee, { error, error_description: description })
}

/** `state` is returned unchanged. `iss` protects clients of several providers from mix-up attacks. [RFC 9207 §2] */
function respond(
  { redirectUri, responseMode, state, issuer }: Omit<Addressee, 'client'>,
  parameters: Readonly<Record<string, string>>,
): AuthorizationResponse {
  return {
    redirectUri,
    responseMode,
    parameters: { ...parameters, ...(state === undefined ? {} : { state }), iss: issuer },
  }
}
