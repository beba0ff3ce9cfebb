import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { FirstRun } from '@acrux/contract'
import type { FastifyInstance } from 'fastify'
import { accessMigrations, createAccess } from './access/index.ts'
import {
  auditMigrations,
  createAudit,
  createAuditChain,
  createAuditLog,
  createCredentialUses,
  createDelivery,
  createWebhooks,
  expireEvents,
  EventTally,
  createAuditLag,
  tallyEvents,
  verifyAuditFile,
} from './audit/index.ts'
import { createCredentials, credentialMigrations } from './credentials/index.ts'
import { createDirectory, directoryMigrations } from './directory/index.ts'
import { createGraph } from './graph/index.ts'
import { makeFirstRun } from './first-run.ts'
import { figuresOf } from './figures.ts'
import { healthComponents } from './health-components.ts'
import { mountHealth } from './health.ts'
import { createIdentity, identityMigrations } from './identity/index.ts'
import { findAtOwnAddress } from './listened-hosts.ts'
import { configuredHosts, coverHosts, listRegistries, moveRegistries, requireLoginServer } from './login-servers.ts'
import { makeSpaceToStart } from './space-to-start.ts'
import { createManagement } from './management/index.ts'
import { bringUpToDate, openDatabase } from './open-database.ts'
import { CallerBudgets, usualCallerLimits } from './platform/limits/caller-budget.ts'
import { type Clock, systemClock } from './platform/process/clock.ts'
import type { Configuration } from './configuration/index.ts'
import { blobDirectoryIn, databaseFileIn, masterKeyFileIn, openDataDir } from './platform/files/data-dir.ts'
import { StartupError, exitCodes } from './platform/process/exit.ts'
import type { Figure } from './platform/metrics/figure.ts'
import { createHealth } from './platform/metrics/health.ts'
import { createApp } from './platform/http/app.ts'
import { openApiDocument } from './platform/http/openapi.ts'
import type { RouteDescription } from './platform/http/surface.ts'
import { createBallast } from './platform/files/ballast.ts'
import { watchFreeSpace } from './platform/files/free-space.ts'
import type { Log } from './platform/log/log.ts'
import { controlHandler } from './owner-reset.ts'
import { openControlChannel } from './platform/process/control-channel.ts'
import { openOutbound } from './platform/outbound/open-outbound.ts'
import { openSealer } from './platform/keys/sealing.ts'
import { createKnownSenders } from './platform/limits/sender-budget.ts'
import { signingKeyMigrations } from './platform/keys/migrations.ts'
import type { Migration } from './platform/sql/migrations.ts'
import { createWriterWatch } from './platform/sql/writer-watch.ts'
import { type CertificateSource, createCertificateSource } from './platform/tls/certificate-source.ts'
import { createDeletionCount, createRegistryRoom, registryMigrations, registryRoutes } from './registry/index.ts'
import { createRegistryActivity, createResources, resourcesMigrations } from './resources/index.ts'
import { createConsents, createSignInPages, signInMigrations } from './sign-in/index.ts'
import { createFilesystemBlobStore } from './storage/index.ts'
import { createTokenService } from './token-service/index.ts'
import { believesIssuer, openUpstreams, upstreamMigrations } from './upstream/index.ts'

/** Every step of the schema, in the order in which they are carried out. New ones come last within their room. */
export const migrations: readonly Migration[] = [
  ...auditMigrations,
  ...signingKeyMigrations,
  ...resourcesMigrations,
  ...directoryMigrations,
  ...credentialMigrations,
  ...identityMigrations,
  ...upstreamMigrations,
  ...signInMigrations,
  ...accessMigrations,
  ...registryMigrations,
]

/** What the log says where the audit log's chain could not be gone on with. */
export const chainFailure = 'failed to extend the audit hash chain'

/** What the log says where the hourly counters could not be written. */
export const countersFailure = 'failed to write the hourly counters and last pull times'

/** A server that is wired and does not listen yet. */
export type Composition = {
  readonly app: FastifyInstance
  /** Scheme, host and port under which clients reach the server. */
  readonly publicOrigin: string
  /** Absent over plain HTTP. */
  readonly certificates: CertificateSource | undefined
  /** What was made because the data directory was new. */
  readonly firstRun: { readonly content: FirstRun; readonly file: string } | undefined
  /** The table of every surface. */
  readonly routes: readonly RouteDescription[]
  /** What the modules show at `/metrics`. */
  readonly figures: readonly Figure[]
  /** Writes what was counted of each registry, and when manifests and tags were pulled. */
  readonly flushCounters: () => Promise<void>
  /** Finds out whether transactions are still committed. */
  readonly probeWriter: () => Promise<void>
  /** Ends idle uploads where the disk has no space for content, and keeps what collecting garbage needs. */
  readonly watchSpace: () => Promise<void>
  /** Deletes what policies have come to, and then what nobody can reach any more. */
  readonly collectGarbage: () => Promise<void>
  /** Puts the events of the audit log that were written since into its chain, and writes when credentials were used. */
  readonly extendAuditChain: () => Promise<unknown>
  /** Delivers events of the audit log to webhooks. */
  readonly deliverAuditEvents: () => Promise<unknown>
  /** Removes the events of the audit log that are older than the configuration keeps them. */
  readonly expireAuditEvents: () => Promise<unknown>
  /** Ends what a sign-in at another provider gave and which holds no more, and the imports of servers that are gone. */
  readonly tidy: () => Promise<unknown>
  /** Verifies stored content in the background, where that is due. */
  readonly scrub: () => Promise<void>
  /** Says at `/readyz` that no more requests should be sent here. */
  readonly drain: () => void
  readonly close: () => Promise<void>
}

/** What is done at this start alone, so that it is no setting. */
export type StartOptions = {
  /** Makes a new certificate authority in the place of the server's own. */
  readonly renewCa?: boolean
}

/** Opens the data directory and wires the rooms. @throws StartupError for everything that the operator can mend */
export async function compose(
  configuration: Configuration,
  log: Log,
  clock: Clock = systemClock,
  { renewCa = false }: StartOptions = {},
): Promise<Composition> {
  if (renewCa && (configuration.http || configuration.tlsCert !== undefined)) {
    throw new StartupError(
      '--renew-ca: this server has no certificate authority',
      exitCodes.configuration,
      'leave it out',
    )
  }
  const dataDir = await openDataDir(configuration.dataDir)
  const databaseFile = databaseFileIn(dataDir.path)
  const blobDirectory = blobDirectoryIn(dataDir.path)
  const blobs = await createFilesystemBlobStore(blobDirectory, { clock, filesAreHeld: dataDir.filesAreHeld })
  const space = watchFreeSpace(dataDir.path, configuration.limits.freeSpaceReserveBytes)
  const ballast = createBallast(path.join(dataDir.path, 'ballast'), space)
  await makeSpaceToStart({ space, ballast, blobs, log })
  const isNew = !existsSync(databaseFile)
  const sealer = await openSealer(masterKeyFileIn(dataDir.path), { create: isNew })
  const database = await openDatabase(databaseFile)
  await bringUpToDate(database, migrations, { clock, sealer, isNew })
  const certificates = configuration.http
    ? undefined
    : await createCertificateSource({
        dataDir: dataDir.path,
        certFile: configuration.tlsCert,
        keyFile: configuration.tlsKey,
        clock,
        log,
        ...configuredHosts(configuration),
        renewAuthority: renewCa,
      })

  const scheme = configuration.http && configuration.behindProxy.length === 0 ? 'http' : 'https'
  const publicOrigin = `${scheme}://${configuration.publicHost}`
  const { suffix, signingKeyRotationDays } = configuration
  const outbound = await openOutbound(configuration.outbound)
  const credentialUses = createCredentialUses({ database, clock })
  const auditChain = createAuditChain({
    database,
    clock,
    sealer,
    uses: credentialUses,
    onAltered: (found) =>
      log.error({ ...found, id: randomUUID() }, 'the audit log was altered: run acrux audit verify'),
  })
  await auditChain.begin()
  const delivery = createDelivery({ database, clock, sealer, outbound, publicOrigin })
  const resources = createResources({
    database,
    clock,
    sealer,
    suffix,
    defaultPort: scheme === 'https' ? 443 : 80,
    compatibility: configuration.compatibility,
  })
  const activity = createRegistryActivity({
    database,
    clock,
    listRegistries: () => listRegistries(resources),
    storageBytes: async (rid) => (await registry.usage(rid)).sizeBytes,
    retentionDays: configuration.metricsRetentionDays,
  })
  const events = new EventTally()
  const ownAudit = createAudit({ database, clock, uses: credentialUses })
  const audit = tallyEvents(ownAudit, activity.counterOf, events.counterOf)
  const access = createAccess({ database, clock })
  const consents = createConsents(database)
  const directory = createDirectory({
    database,
    clock,
    trustedTenants: configuration.trustedTenants.map(({ tenantId }) => tenantId),
    onPrincipalDeleted: async (transaction, objectId) => {
      await consents.forgetPerson(transaction, objectId)
      return access.deleteAssignmentsOf(transaction, objectId)
    },
    onApplicationDeleted: (transaction, appId) => consents.forgetClient(transaction, appId),
  })
  const credentials = createCredentials({
    database,
    clock,
    directory,
    sealer,
    publicOrigin,
    acceptsIssuer: outbound.acceptsUrl,
    secondFactorPolicy: {
      required: configuration.identity.requireSecondFactor,
      enrolment: configuration.identity.secondFactorEnrolment,
    },
    maxSignInDays: configuration.identity.maxSignInDays,
  })
  const senders = createKnownSenders(clock)
  const identity = createIdentity({
    database,
    clock,
    log,
    sealer,
    audit,
    credentials,
    directory,
    publicOrigin,
    outbound,
    trustedTenants: configuration.trustedTenants,
    signingKeyRotationDays,
    passwordGrant: configuration.identity.passwordGrant,
    maxSignInDays: configuration.identity.maxSignInDays,
    maxWorkloadTokenSeconds: configuration.identity.maxWorkloadTokenSeconds,
    senders,
  })
  const graph = createGraph({
    database,
    audit,
    log,
    publicOrigin,
    credentials,
    directory,
    consents,
    mayAssignRoles: async (objectId) =>
      access.mayAssignRoles({ kind: 'directory', objectId, groupIds: await directory.groupIdsInReachOf(objectId) }),
    authenticate: identity.authenticateGraph,
  })
  const providers = configuration.identityProviders
  const upstreams = await openUpstreams({ providers, database, clock, log, sealer, publicOrigin, senders })
  await directory.endSignInsOfRemovedProviders((issuer) =>
    providers.some((provider) => believesIssuer(provider, issuer)),
  )
  await credentials.endInsufficientSignIns()
  const pages = createSignInPages({
    database,
    clock,
    log,
    sealer,
    audit,
    credentials,
    directory,
    identity,
    publicOrigin,
    upstreams,
    acceptsProviderMfa: configuration.identity.acceptProviderMfa,
    senders,
  })
  const callerBudgets = new CallerBudgets({
    ...usualCallerLimits,
    maxConcurrentRequests: configuration.limits.maxConcurrentRequestsPerCaller,
    processorPercent: configuration.limits.processorPercentPerCaller,
    maxBufferedBytes: configuration.limits.maxBufferedMegabytesPerCaller * 1024 * 1024,
  })
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
    scheme,
    signingKeyRotationDays,
    throttling: configuration.limits.throttling,
    repositoryDeletions: createDeletionCount(database),
  })
  const registry = createRegistryRoom({
    callerBudgets,
    database,
    clock,
    log,
    audit,
    blobs,
    space,
    defaultQuotas: {
      registryBytes: configuration.limits.registryQuotaBytes,
      repositoryBytes: configuration.limits.repositoryQuotaBytes,
    },
    gate: tokenService.gate,
    registries: { byHost: (host) => resources.findRegistryByHost(host), atOwnAddress },
    transfers: { count: activity.countTransfer },
    acceptsSparseImages: configuration.acceptSparseImages,
    scrubSettings: {
      intervalMs: configuration.integrity.scrubIntervalSeconds * 1000,
      bytesPerSecond: configuration.integrity.scrubBytesPerSecond,
    },
    verifyAudit: () => verifyAuditFile(dataDir.path),
    integritySettings: { verifyAfterMs: configuration.integrity.verifyAfterSeconds * 1000 },
    outbound,
    importSettings: {
      maxConcurrent: configuration.limits.maxConcurrentImports,
      tokenServices: new Map(configuration.outbound.tokenServices.map(({ registry, host }) => [registry, host])),
    },
    blobSettings: {
      leaseMs: configuration.gc.leaseSeconds * 1000,
      uploadLifetimeMs: configuration.uploadExpirySeconds * 1000,
      maxUploadsPerRepository: configuration.limits.maxUploadsPerRepository,
      maxUploadsPerCaller: configuration.limits.maxConcurrentUploadsPerCaller,
    },
  })
  let openApi: object | undefined
  const management = createManagement({
    database,
    clock,
    log,
    audit,
    auditLog: createAuditLog({ database }),
    auditWebhooks: createWebhooks({ database, clock, sealer }),
    credentialUses,
    explainWebhookUrl: outbound.explainRefusal,
    resources,
    activity,
    credentials,
    directory,
    identity,
    access,
    tokenService,
    registry,
    rotateKeys: async () => {
      await Promise.all([tokenService.rotateKeys(), identity.rotateKeys()])
    },
    withdrawKeys: async (transaction) => {
      await tokenService.withdrawKeys(transaction)
      await identity.withdrawKeys(transaction)
    },
    // The change is kept and answered; a certificate that cannot be written now is looked at again by its source.
    onRegistriesChanged: () =>
      coverHosts(certificates, resources, configuration).catch((error: unknown) =>
        log.error({ err: error, id: randomUUID() }, 'the certificate does not cover all registries'),
      ),
    publicOrigin,
    suffix,
    openApi: () => (openApi ??= openApiDocument(routes)),
  })

  const firstRunFile = path.join(dataDir.path, 'first-run.json')
  const content = await makeFirstRun({
    database,
    audit,
    resources,
    credentials,
    directory,
    access,
    registryName: configuration.registry,
    mustChangePassword: !configuration.dev,
    loginServer: requireLoginServer(configuration.publicHost),
    resourceManager: publicOrigin,
    caFile: certificates?.caFile ?? null,
    file: firstRunFile,
  })
  if (content === undefined) await moveRegistries({ database, resources, audit, log }, configuration.publicHost)
  await coverHosts(certificates, resources, configuration)
  await registry.endLostImports()
  registry.resumeDeletions()
  const control = await openControlChannel(
    dataDir.path,
    controlHandler({ database, credentials, directory, access, resources, audit }, log),
  )

  let draining = false
  const app = createApp({
    log,
    trustedProxies: configuration.behindProxy,
    hstsIncludeSubDomains: configuration.hstsIncludeSubDomains,
    callerBudgets,
  })
  registry.mount(app)
  tokenService.mount(app)
  management.mount(app)
  graph.mount(app)
  identity.mount(app)
  pages.mount(app)
  const writerWatch = createWriterWatch({ database, clock })
  const auditLag = createAuditLag({ database, clock })
  const sources = { database, writerWatch, resources, tokenService, identity, auditLag, certificates, clock }
  const isDraining = () => draining
  const components = healthComponents({ ...sources, blobs: blobDirectory, isDraining, space, registry })
  const health = createHealth({ components, clock, log })

  const routes = [
    ...registryRoutes,
    ...tokenService.routes,
    ...management.routes,
    ...graph.routes,
    ...identity.routes,
    ...pages.routes,
    ...mountHealth(app, health),
  ]

  const flushCounters = async () => {
    await activity.flush()
    await registry.flushLastPulls()
    await activity.expire()
  }

  return {
    app,
    publicOrigin,
    certificates,
    firstRun: content && { content, file: firstRunFile },
    routes,
    figures: figuresOf({ ...sources, events, space, registry, callerBudgets }),
    flushCounters,
    probeWriter: () => writerWatch.probe(),
    watchSpace: async () => {
      await ballast.adjust()
      if (!space.state().isLow) return
      const ended = await registry.makeRoom()
      if (ended > 0) log.warn({ uploads: ended }, 'ended idle uploads because the disk is low on space')
    },
    extendAuditChain: async () => {
      await ownAudit.writeFolded()
      await auditChain.extend()
      await credentialUses.flush()
    },
    deliverAuditEvents: () => delivery.deliver(),
    expireAuditEvents: () =>
      expireEvents({ database, clock, sealer, audit, retentionDays: configuration.audit.retentionDays }),
    collectGarbage: async () => {
      for (const policed of await listRegistries(resources)) await registry.carryOutPolicies(policed)
      await registry.collectGarbage()
    },
    scrub: () => registry.scrubs.continueBackground(),
    tidy: () => Promise.all([directory.endStaleMemberships(), registry.endLostImports()]),
    drain: () => {
      draining = true
      void registry.scrubs.stop()
      health.refresh()
      delivery.stop()
    },
    close: async () => {
      await control?.close()
      await app.close()
      await certificates?.close()
      await registry.close()
      // What is not in the chain now comes into it at the next start.
      await ownAudit
        .writeFolded(true)
        .then(() => auditChain.close())
        .then(() => credentialUses.flush(true))
        .catch((error: unknown) => log.error({ err: error, id: randomUUID() }, chainFailure))
      await flushCounters().catch((error: unknown) => log.warn({ err: error }, countersFailure))
      await database.close()
      dataDir.close()
    },
  }
}
