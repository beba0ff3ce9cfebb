import { createAccess } from '../../authorization/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import { createCredentials } from '../../credentials/index.ts'
import { createDirectory } from '../../directory/index.ts'
import { type CallerLimits, usualCallerLimits } from '../../platform/limits/caller-limits.ts'
import { RequestedOrigin } from '../../platform/http/requested-origin.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { createResources, requestedLoginServers } from '../../resources/index.ts'
import { publicSchemeOf } from '../hosts/listened-hosts.ts'
import type { ModuleBasis } from './basis.ts'

/*
 * The modules that every thread needs to decide about requests. This file imports no other modules, so that a thread
 * that only reads stays small.
 */

type AuthorityBasis = Pick<ModuleBasis, 'database' | 'clock' | 'sealer' | 'publicOrigin' | 'delays'>

/** The listeners of other modules for deletions, and the issuers that these modules know. */
export type AuthorityPorts = {
  readonly acceptsIssuer: NonNullable<Parameters<typeof createCredentials>[0]['acceptsIssuer']>
  readonly onPrincipalDeleted: (transaction: Transaction, objectId: string) => Promise<unknown>
  readonly onApplicationDeleted: (transaction: Transaction, appId: string) => Promise<unknown>
}

/** Opens the registries and their resource groups. */
export function openResources(
  { database, clock, sealer, publicOrigin, delays }: AuthorityBasis,
  configuration: Configuration,
) {
  const { publicHost, suffix } = configuration
  const followsRequests = publicOrigin instanceof RequestedOrigin
  const resources = createResources({
    database,
    clock,
    sealer,
    suffix,
    view: followsRequests ? requestedLoginServers(publicHost, suffix) : undefined,
    defaultPort: publicSchemeOf(configuration) === 'https' ? 443 : 80,
    compatibility: configuration.compatibility,
  })
  return delays?.ofResources(resources) ?? resources
}

/** Opens the principals, their credentials and their permissions. */
export function openAuthority(
  { database, clock, sealer, publicOrigin, delays }: AuthorityBasis,
  { identity, trustedTenants }: Configuration,
  { acceptsIssuer, onPrincipalDeleted, onApplicationDeleted }: AuthorityPorts,
) {
  const ownAccess = createAccess({ database, clock, assignmentDelay: delays?.assignments })
  const access = delays?.ofAccess(ownAccess) ?? ownAccess
  const ownDirectory = createDirectory({
    database,
    clock,
    trustedTenants: trustedTenants.map(({ tenantId }) => tenantId),
    onPrincipalDeleted: async (transaction, objectId) => {
      await onPrincipalDeleted(transaction, objectId)
      await access.deleteAssignmentsOf(transaction, objectId)
    },
    subscriptionOwners: (transaction) => access.subscriptionOwners(transaction),
    onApplicationDeleted,
  })
  const directory = delays?.ofDirectory(ownDirectory) ?? ownDirectory
  const credentials = createCredentials({
    secondFactorPolicy: { required: identity.requireSecondFactor, enrolment: identity.secondFactorEnrolment },
    maxSignInDays: identity.maxSignInDays,
    database,
    clock,
    directory,
    sealer,
    publicOrigin,
    acceptsIssuer,
  })
  return { access, directory, credentials }
}

/** The limits of each caller. */
export function callerLimitsOf({ limits }: Configuration): CallerLimits {
  return {
    ...usualCallerLimits,
    maxConcurrentRequests: limits.maxConcurrentRequestsPerCaller,
    processorPercent: limits.processorPercentPerCaller,
    maxBufferedBytes: limits.maxBufferedMegabytesPerCaller * 1024 * 1024,
  }
}
