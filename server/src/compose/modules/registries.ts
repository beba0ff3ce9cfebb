import { type Audit, verifyAudit } from '../../audit/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import { CallerBudgets } from '../../platform/limits/caller-budget.ts'
import { createImports } from '../../imports/index.ts'
import { createDeletionCount, createRegistry } from '../../registry/index.ts'
import type { RegistryActivity, Resources } from '../../resources/index.ts'
import { createTokenService } from '../../token-service/index.ts'
import { findAtOwnAddress, publicSchemeOf } from '../hosts/listened-hosts.ts'
import { callerLimitsOf } from './authority.ts'
import type { ModuleBasis } from './basis.ts'
import type { Principals } from './principals.ts'

/** The modules that serve registries. */
export type Registries = ReturnType<typeof createRegistries>

export type RegistriesOptions = {
  readonly audit: Audit
  readonly resources: Resources
  readonly activity: Pick<RegistryActivity, 'countTransfer'>
  readonly principals: Pick<Principals, 'access' | 'credentials' | 'directory' | 'identity'>
}

/** Creates the registry, and the token service, which decides about the permissions of callers in the registry. */
export function createRegistries(basis: ModuleBasis, configuration: Configuration, options: RegistriesOptions) {
  const { database, clock, log, sealer, blobs, outbound, space, dataDir } = basis
  const { audit, resources, activity, principals } = options
  const { access, credentials, directory, identity } = principals
  const callerBudgets = new CallerBudgets(callerLimitsOf(configuration), () => performance.now(), basis.callers)
  const atOwnAddress = findAtOwnAddress(resources, configuration)
  const tokenService = createTokenService({
    callerBudgets,
    database,
    atOwnAddress,
    clock,
    log,
    sealer,
    audit,
    resources,
    credentials,
    directory,
    identity,
    access,
    scheme: publicSchemeOf(configuration),
    signingKeyRotationDays: configuration.signingKeyRotationDays,
    throttling: configuration.limits.throttling,
    repositoryDeletions: createDeletionCount(database),
  })
  const registry = createRegistry({
    ...registrySettings(configuration),
    callerBudgets,
    database,
    clock,
    log,
    audit,
    blobs,
    ...(space && { space }),
    ...(basis.revisions && { revisions: basis.revisions }),
    ...(basis.processes && { processes: basis.processes }),
    gate: tokenService.gate,
    registries: { byHost: (host) => resources.findRegistryByHost(host), atOwnAddress },
    transfers: { count: activity.countTransfer },
    ...(dataDir && { verifyAudit: () => verifyAudit({ database, sealer, dataDir: dataDir.path }) }),
  })
  const imports = createImports({
    ...importSettings(configuration),
    database,
    clock,
    audit,
    log,
    content: registry.content,
    ...(basis.processes && { processes: basis.processes }),
    outbound,
  })
  return { callerBudgets, tokenService, registry, imports }
}

function importSettings({ limits, outbound }: Configuration) {
  return {
    maxConcurrent: limits.maxConcurrentImports,
    tokenServices: new Map(outbound.tokenServices.map(({ registry, host }) => [registry, host])),
  }
}

function registrySettings({ limits, integrity, gc, ...configuration }: Configuration) {
  return {
    defaultQuotas: { registryBytes: limits.registryQuotaBytes, repositoryBytes: limits.repositoryQuotaBytes },
    acceptsSparseImages: configuration.acceptSparseImages,
    reportsCountFrom: configuration.reports.countFrom,
    scrubSettings: {
      intervalMs: integrity.scrubIntervalSeconds * 1000,
      bytesPerSecond: integrity.scrubBytesPerSecond,
    },
    integritySettings: { verifyAfterMs: integrity.verifyAfterSeconds * 1000 },
    blobSettings: {
      gracePeriodMs: gc.gracePeriodSeconds * 1000,
      uploadLifetimeMs: configuration.uploadExpirySeconds * 1000,
      maxUploadsPerRepository: limits.maxUploadsPerRepository,
      maxUploadsPerCaller: limits.maxConcurrentUploadsPerCaller,
      redirectsReads: configuration.storage.redirect,
    },
  }
}
