import { createAuditLog, createWebhooks, tallyEvents } from '../../audit/index.ts'
import { type Configuration, settingsInForce } from '../../configuration/index.ts'
import { createDecisions } from '../../authorization/index.ts'
import { createManagement } from '../../management/index.ts'
import { createRegistryActivity } from '../../resources/index.ts'
import { listRegistries } from '../hosts/login-servers.ts'
import { createAuditing } from './auditing.ts'
import { openResources } from './authority.ts'
import type { ModuleBasis } from './basis.ts'
import { createPrincipals } from './principals.ts'
import { type Registries, createRegistries } from './registries.ts'

/** All modules of a server, wired. */
export type Modules = Awaited<ReturnType<typeof createModules>>

type ManagementPorts = Parameters<typeof createManagement>[0]

/** The ports of the modules that the composition implements. */
export type ModulePorts = {
  /** Awaited before the response to a request that created, changed or deleted a registry. */
  readonly onRegistriesChanged: () => Promise<void>
  /** The OpenAPI document of all surfaces. */
  readonly openApi: ManagementPorts['openApi']
  /** The state of the server. */
  readonly serverStatus: ManagementPorts['serverStatus']
  readonly hostCertificates: ManagementPorts['hostCertificates']
  readonly backups: ManagementPorts['backups']
  /** Starts a garbage collection, unless a garbage collection is running. */
  readonly startCollection: () => Promise<void>
}

/** A registry's name, to derive the suffix of login servers. */
const anyName = 'registry'

/** Creates the modules and connects them. @throws StartupError for every failure that the operator can fix */
export async function createModules(basis: ModuleBasis, configuration: Configuration, ports: ModulePorts) {
  const { database, clock, log, sealer, outbound, publicOrigin } = basis
  const { compatibility } = configuration
  const auditing = await createAuditing(basis)
  const resources = openResources(basis, configuration)
  const activity = createRegistryActivity({
    database,
    clock,
    listRegistries: () => listRegistries(resources),
    storageBytes: async (rid) => (await registries.registry.usage(rid)).sizeBytes,
    retentionDays: configuration.metricsRetentionDays,
  })
  const recorder = basis.wrapAudit?.(auditing.recorder) ?? auditing.recorder
  const audit = tallyEvents(recorder, activity.counterOf, auditing.events.counterOf)
  const principals = await createPrincipals(basis, configuration, { audit, resources })
  const registries: Registries = createRegistries(basis, configuration, { audit, resources, activity, principals })
  const { access, credentials, directory, identity, mayBecome } = principals
  const { tokenService, registry, imports } = registries
  const auditLog = createAuditLog({ database })
  const management = createManagement({
    ...ports,
    database,
    clock,
    log,
    audit,
    auditLog,
    auditChain: auditing.chain,
    auditLag: auditing.lag,
    collections: {
      status: () => registry.collections.status(),
      start: ports.startCollection,
      intervalSeconds: configuration.gc.intervalSeconds,
    },
    serverSettings: () => settingsInForce(configuration),
    decisions: createDecisions({ auditLog, access, directory }),
    auditWebhooks: createWebhooks({ database, clock, sealer }),
    credentialUses: auditing.credentialUses,
    explainWebhookUrl: outbound.explainDenial,
    resources,
    activity,
    credentials,
    directory,
    identity,
    access,
    mayBecome,
    tokenService,
    registry,
    imports,
    rotateKeys: async () => {
      await Promise.all([tokenService.rotateKeys(), identity.rotateKeys()])
    },
    withdrawKeys: async (transaction) => {
      await tokenService.withdrawKeys(transaction)
      await identity.withdrawKeys(transaction)
    },
    publicOrigin,
    suffix: () => resources.loginServerFor(anyName).slice(anyName.length),
    compatibility,
  })
  return { auditing, audit, resources, activity, ...principals, ...registries, management }
}
