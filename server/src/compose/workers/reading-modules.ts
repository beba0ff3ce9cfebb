import type { Audit } from '../../audit/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import type { RawExchange } from '../../platform/http/raw-surface.ts'
import type { Sealer } from '../../platform/keys/sealing.ts'
import type { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import type { Log } from '../../platform/log/log.ts'
import type { SharedRevisions } from '../../platform/memory/shared-revisions.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { mainThreadOnly } from '../../platform/process/main-thread-only.ts'
import type { Database } from '../../platform/sql/database.ts'
import { createTokenVerification } from '../../identity/index.ts'
import { createDeletionCount, createRegistryReader } from '../../registry/index.ts'
import type { BlobStore } from '../../storage/index.ts'
import { createReadingTokenService } from '../../token-service/index.ts'
import { findAtOwnAddress, publicOriginOf, publicSchemeOf } from '../hosts/listened-hosts.ts'
import { openAuthority, openResources } from '../modules/authority.ts'
import type { CountedRequests } from '../../workers/index.ts'

export type ReadingBasis = {
  readonly configuration: Configuration
  readonly database: Database
  readonly sealer: Sealer
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  readonly revisions: SharedRevisions
  readonly callerBudgets: CallerBudgets
  readonly counted: Pick<CountedRequests, 'countTransfer'>
  readonly audit: Audit
  readonly leaveToMainThread: (exchange: RawExchange) => void
}

/** The main thread verifies tokens of external issuers, and has the keys of the issuers. */
const externalIssuers = {
  verifyWorkloadToken: mainThreadOnly,
  testWorkloadToken: mainThreadOnly,
  trustedTenants: { isIssuer: mainThreadOnly, verify: mainThreadOnly },
}

/** Wires the modules of a thread that only reads. */
export function createReadingModules(basis: ReadingBasis) {
  const { configuration, counted, database } = basis
  const { signingKeyRotationDays } = configuration
  const authorityBasis = { ...basis, publicOrigin: publicOriginOf(configuration) }
  const resources = openResources(authorityBasis, configuration)
  const authority = openAuthority(authorityBasis, configuration, {
    acceptsIssuer: mainThreadOnly,
    onPrincipalDeleted: mainThreadOnly,
    onApplicationDeleted: mainThreadOnly,
  })
  const atOwnAddress = findAtOwnAddress(resources, configuration)
  const tokenService = createReadingTokenService({
    ...basis,
    ...authority,
    resources,
    atOwnAddress,
    identity: createTokenVerification({
      ...authorityBasis,
      ...authority,
      issuers: externalIssuers,
      signingKeyRotationDays,
    }),
    scheme: publicSchemeOf(configuration),
    signingKeyRotationDays,
    throttling: configuration.limits.throttling,
    repositoryDeletions: createDeletionCount(database),
  })
  const registry = createRegistryReader({
    ...basis,
    gate: tokenService.gate,
    registries: { byHost: (host) => resources.findRegistryByHost(host), atOwnAddress },
    transfers: { count: (...transfer) => counted.countTransfer(...transfer) },
    blobSettings: {
      gracePeriodMs: configuration.gc.gracePeriodSeconds * 1000,
      redirectsReads: configuration.storage.redirect,
    },
  })
  return { tokenService, registry }
}
