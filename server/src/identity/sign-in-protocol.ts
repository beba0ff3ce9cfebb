import type { User } from '../directory/index.ts'
import type { Form } from '../standards/http/form.ts'
import type { Client } from './clients.ts'
import type { EntraError } from './entra-errors.ts'
import type { RequestedResource } from './scopes.ts'
import type { TokenVersion } from './tenants.ts'

/** A person whose every check is behind them: password or outside provider, second factor, changed password. */
export type SignedInPerson = {
  /** As they were when they were proved, or found to be signed in. */
  readonly user: User
  /** How it was proved, as the claim `amr` tells it. [RFC 8176] */
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

export type ResponseMode = 'query' | 'form_post'

/** A request of the authorization endpoint in which everything was checked. */
export type AuthorizationRequest = {
  readonly client: Client
  readonly version: TokenVersion
  readonly tenantId: string
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** As it was sent. */
  readonly scope: string
  readonly resource: RequestedResource
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly codeChallenge: string
  readonly prompt: 'login' | 'select_account' | 'consent' | 'none' | undefined
  readonly loginHint: string | undefined
  /** The domain of the provider that the person is expected to come from. */
  readonly domainHint: string | undefined
  /** A sign-in that is older has to be repeated. [OpenID Connect Core §3.1.2.1] */
  readonly maxAgeSeconds: number | undefined
}

/** What the browser is to bring back to the client. Every value is to be escaped by whoever renders it. */
export type AuthorizationResponse = {
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** `code`, or `error` and `error_description`; with them `state` as it came and `iss`. [RFC 9207 §2] */
  readonly parameters: Readonly<Record<string, string>>
}

export type AuthorizationReading =
  | { readonly ok: true; readonly request: AuthorizationRequest }
  /** The client or its redirect URI is not known: the browser is shown a page and sent nowhere. [RFC 6749 §4.1.2.1] */
  | { readonly ok: false; readonly page: EntraError }
  | { readonly ok: false; readonly redirect: AuthorizationResponse }

/** Why a person's way ends at the client without a code. [RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6] */
export type AuthorizationRefusal =
  'access_denied' | 'login_required' | 'interaction_required' | 'consent_required' | 'account_selection_required'

/** What a page tells of a device that waits for its person. */
export type DeviceRequest = {
  readonly client: Client
  readonly resource: RequestedResource
  readonly scope: string
  /** The address from which the code was asked for, so that the person can tell whose it is. */
  readonly requestedFrom: string
  readonly expiresAtMs: number
}

/** Where a browser goes once its session has ended. */
export type LogoutRequest = { readonly redirectUri: string | undefined; readonly state: string | undefined }

/** What the pages of sign-in ask of the protocol. */
export interface SignInProtocol {
  /** The program of this client id; undefined when there is none, or it is disabled. */
  findClient(clientId: string): Promise<Client | undefined>
  /** Checks a request of `/{tenant}/oauth2/authorize` (version 1) or `/{tenant}/oauth2/v2.0/authorize`. Throws nothing for what a client sent. */
  readAuthorizationRequest(
    parameters: URLSearchParams | Form,
    tenantSegment: string,
    version: TokenVersion,
  ): Promise<AuthorizationReading>
  /** Ends a request at the client, with the error in place of a code. */
  refuseAuthorization(
    request: AuthorizationRequest,
    refusal: AuthorizationRefusal,
    description: string,
  ): AuthorizationResponse
  /** Makes a code for somebody who is signed in and has consented. @throws EntraError when the proof counts no more, or not as the whole */
  issueCode(request: AuthorizationRequest, person: SignedInPerson): Promise<AuthorizationResponse>
  /** Finds the device that shows this code. Wrong guesses of an address are limited. */
  findDeviceRequest(userCode: string, remoteAddress: string): Promise<DeviceRequest | 'throttled' | undefined>
  /** Lets the device in as this person, or turns it away. False when the code has ended or was answered already. */
  answerDeviceRequest(
    userCode: string,
    answer: { readonly person: SignedInPerson } | 'declined',
    remoteAddress: string,
  ): Promise<boolean>
  /** What a client is called, to show a person their sign-ins. */
  findClientName(clientId: string): Promise<string | undefined>
  /** Checks a request of the end-session endpoint: the browser is sent only where a client is registered. */
  readLogoutRequest(parameters: URLSearchParams | Form): Promise<LogoutRequest>
}
