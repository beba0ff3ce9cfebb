import type { User } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import type { Client } from '../tokens/clients.ts'
import type { EntraError } from '../tokens/errors.ts'
import type { RequestedResource } from '../tokens/scopes.ts'
import type { TokenVersion } from '../tokens/tenants.ts'

/** A person who has completed the sign-in: password or provider, second factor, and password change if required. */
export type SignedInPerson = {
  /** The user at the time of the authentication. */
  readonly user: User
  /** The sign-in of the browser's session. If it has ended, nothing is issued. */
  readonly signInId: string
  /** The methods of the authentication, as in the claim `amr`. [RFC 8176] */
  readonly methods: readonly string[]
  readonly authenticatedAtMs: number
}

export type ResponseMode = 'query' | 'form_post'

/** A valid request of the authorization endpoint. */
export type AuthorizationRequest = {
  readonly client: Client
  readonly version: TokenVersion
  readonly tenantId: string
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** Unchanged from the request. */
  readonly scope: string
  readonly resource: RequestedResource
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly codeChallenge: string
  readonly prompt: 'login' | 'select_account' | 'consent' | 'none' | undefined
  readonly loginHint: string | undefined
  /** The domain of the person's expected identity provider. */
  readonly domainHint: string | undefined
  /** An older authentication must be repeated. [OpenID Connect Core §3.1.2.1] */
  readonly maxAgeSeconds: number | undefined
}

/** The response that the browser sends to the client. Its values must be escaped when they are rendered. */
export type AuthorizationResponse = {
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  /** `code`, or `error` and `error_description`, and in both cases `state` and `iss`. [RFC 9207 §2] */
  readonly parameters: Readonly<Record<string, string>>
}

export type AuthorizationReading =
  | { readonly ok: true; readonly request: AuthorizationRequest }
  /** The client or the redirect URI is unknown: the browser displays an error and is not redirected. [RFC 6749 §4.1.2.1] */
  | { readonly ok: false; readonly page: EntraError }
  | { readonly ok: false; readonly redirect: AuthorizationResponse }

/** Why the client gets no code. [RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6] */
export type AuthorizationRejection =
  'access_denied' | 'login_required' | 'interaction_required' | 'consent_required' | 'account_selection_required'

/** A device that waits until a person signs in for it. */
export type DeviceRequest = {
  readonly client: Client
  readonly resource: RequestedResource
  readonly scope: string
  /** The address that requested the code, so that the person can recognise the device. */
  readonly requestedFrom: string
  readonly expiresAtMs: number
}

/** A request to end a session. */
export type LogoutRequest = { readonly redirectUri: string | undefined; readonly state: string | undefined }

/** The part of a sign-in that OpenID Connect defines, for the sign-in pages. */
export interface SignInProtocol {
  /** Finds a client. Undefined if it is unknown or disabled. */
  findClient(clientId: string): Promise<Client | undefined>
  /** Validates a request of `/{tenant}/oauth2/authorize` (version 1) or `/{tenant}/oauth2/v2.0/authorize`. Returns invalid requests as results. */
  readAuthorizationRequest(
    parameters: URLSearchParams | Form,
    tenantSegment: string,
    version: TokenVersion,
  ): Promise<AuthorizationReading>
  /** The error response for a request. */
  rejectAuthorization(
    request: AuthorizationRequest,
    rejection: AuthorizationRejection,
    description: string,
  ): AuthorizationResponse
  /** Issues a code to a person who has signed in and consented. @throws EntraError if the authentication was revoked or is not sufficient */
  issueCode(
    request: AuthorizationRequest,
    person: SignedInPerson,
    /** Runs in the same transaction, after the checks, such as the record of a consent. */
    alsoRecord?: (transaction: Transaction) => Promise<void>,
  ): Promise<AuthorizationResponse>
  /** Finds the device with this user code. The attempts of an address are limited. */
  findDeviceRequest(userCode: string, remoteAddress: string): Promise<DeviceRequest | 'throttled' | undefined>
  /** Approves or declines a device. False if the code is expired or already used. */
  answerDeviceRequest(
    userCode: string,
    answer: { readonly person: SignedInPerson } | 'declined',
    remoteAddress: string,
  ): Promise<boolean>
  /** The display name of a client. */
  findClientName(clientId: string): Promise<string | undefined>
  /** Validates a request of the end-session endpoint. The browser is redirected only to registered URIs. */
  readLogoutRequest(parameters: URLSearchParams | Form): Promise<LogoutRequest>
}
