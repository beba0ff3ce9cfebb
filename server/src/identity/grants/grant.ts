import type { Origin } from '../../platform/http/app.ts'
import type { AuthenticatedClient } from '../client-auth.ts'
import type { TokenVersion, AddressedTenant } from '../tenants.ts'
import type { TokenForm } from '../token-form.ts'

/** What an audit event can tell of a request, as far as it was understood. */
export type Progress = { resource?: string }

/** A request at the token endpoint, whose client was looked at. */
export type GrantRequest = {
  readonly form: TokenForm
  readonly version: TokenVersion
  readonly addressed: AddressedTenant
  readonly client: AuthenticatedClient
  readonly origin: Origin
  /** The origin of the page that sends the request, where a browser sends it across origins. */
  readonly pageOrigin: string | undefined
  /** Lets that page read the answer. */
  readonly allowPage: (pageOrigin: string) => void
  readonly progress: Progress
}

/** Answers one `grant_type` with the body of the token response. @throws EntraError */
export type Grant = (request: GrantRequest) => Promise<object>
