import type { Access, Principal } from '../../authorization/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Credential, Credentials } from '../../credentials/index.ts'
import type { Directory, MayBecome, SigningPrincipal } from '../../directory/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import type { Log } from '../../platform/log/log.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Registry } from '../../registry/index.ts'
import type { Compatibility, Resources } from '../../resources/index.ts'
import type { ApiVersion } from './api-versions.ts'
import type { PathNames } from './path-scope.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** What every part of the ARM surface uses. Each part adds what it alone uses, in its own `context.ts`. */
export type ArmContext = {
  readonly database: Database
  readonly clock: Clock
  readonly log: Log
  readonly audit: Audit
  readonly resources: Resources
  readonly directory: Pick<
    Directory,
    'tenant' | 'groupIdsOf' | 'findPrincipal' | 'isDirectoryOwner' | 'managedIdentities'
  >
  readonly credentials: Pick<Credentials, 'credentialStands'>
  readonly identity: Pick<Identity, 'verifyAccessToken'>
  readonly access: Access
  readonly mayBecome: MayBecome
  readonly registry: Pick<Registry, 'deleteContent'>
  /**
   * Awaited before the response to the creation or deletion of a registry: by then, the certificate must cover its
   * host.
   */
  readonly onRegistriesChanged: () => Promise<void>
  /** The compatibility of registries without an own setting. */
  readonly compatibility: Compatibility
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: PublicOrigin
}

/** The authenticated sender of a request. */
export type ManagementCaller = {
  readonly principal: SigningPrincipal
  /** The credential that the token was issued for; undefined if it cannot be revoked separately. */
  readonly credentialId: string | undefined
  /** The same credential, as `credentials` names it. */
  readonly credential: Credential | undefined
  /** The same principal, as `access` names it. */
  readonly rights: Principal & { readonly kind: 'directory' }
}

/** One request of the ARM surface. */
export type ManagementCall = Omit<Call<ManagementCaller>, 'params'> & {
  readonly names: PathNames
  /** The version of the API in which the request is served. */
  readonly apiVersion: ApiVersion
}
