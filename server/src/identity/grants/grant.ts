import type { Origin } from '../../platform/http/app.ts'
import type { AuthenticatedClient } from './client-authentication.ts'
import type { TokenVersion, AddressedTenant } from '../tokens/tenants.ts'
import type { TokenForm } from '../tokens/token-form.ts'

/** The parts of a request that were parsed before it failed, for its audit event. */
export type Progress = { resource?: string }

/** A token request. Its client is authenticated, or public. */
export type GrantRequest = {
  readonly form: TokenForm
  readonly version: TokenVersion
  readonly addressed: AddressedTenant
  readonly client: AuthenticatedClient
  readonly origin: Origin
  /** The origin of the page that sent the request, for cross-origin requests of browsers. */
  readonly pageOrigin: string | undefined
  /** Allows that page to read the response. */
  readonly allowPage: (pageOrigin: string) => void
  readonly progress: Progress
}

/** Handles one `grant_type`: returns the body of the token response. @throws EntraError */
export type Grant = (request: GrantRequest) => Promise<object>
