import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import { type Outbound, createOutbound } from '../platform/outbound/outbound.ts'
import type { Clock } from '../platform/process/clock.ts'
import {
  type WorkloadTokenResult,
  type WorkloadTokenTest,
  testWorkloadToken,
  verifyWorkloadToken,
} from './federated/workload-token.ts'
import type { CompactToken } from './keys/compact-token.ts'
import { createIssuerKeys } from './keys/issuer-keys.ts'
import { type TrustedTenant, type TrustedTenants, createTrustedTenants } from './trusted-tenants/trusted-tenants.ts'

/** Verifies tokens of external issuers. */
export interface Issuers {
  /**
   * Authenticates an application by a workload token. Without `appId`, exactly one application may trust the token.
   *
   * @throws IssuerUnavailableError
   */
  verifyWorkloadToken(token: CompactToken, appId: string | undefined): Promise<WorkloadTokenResult>
  /** Tests a pasted token for an application. Undefined for a text that is not a token with an issuer and a subject. */
  testWorkloadToken(text: string, appId: string): Promise<WorkloadTokenTest | undefined>
  /** The tenants of Microsoft Entra whose access tokens are accepted. */
  readonly trustedTenants: TrustedTenants
}

export type IssuersOptions = {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
  /** The connections to external issuers. Only public addresses by default. */
  readonly outbound?: Outbound
  /** The tenants of Microsoft Entra whose access tokens are accepted. None by default. */
  readonly trustedTenants?: readonly TrustedTenant[]
  /** The maximum lifetime of a workload token. One day by default. */
  readonly maxWorkloadTokenSeconds?: number
}

const daySeconds = 24 * 60 * 60

/** Creates the module. External issuers are contacted when a token of theirs arrives. */
export function createIssuers(options: IssuersOptions): Issuers {
  const { credentials, directory, clock, maxWorkloadTokenSeconds = daySeconds, trustedTenants = [] } = options
  const { outbound = createOutbound({ allowPrivateAddresses: false, allowedNetworks: [] }) } = options
  const shared = { clock, issuerKeys: createIssuerKeys({ outbound, clock }) }
  const federated = { ...shared, credentials, maxWorkloadTokenSeconds }
  return {
    verifyWorkloadToken: (token, appId) => verifyWorkloadToken(federated, token, appId),
    testWorkloadToken: (text, appId) => testWorkloadToken(federated, text, appId),
    trustedTenants: createTrustedTenants({ ...shared, directory, tenants: trustedTenants }),
  }
}
