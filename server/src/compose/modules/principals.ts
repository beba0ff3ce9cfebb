import type { Audit } from '../../audit/index.ts'
import type { Configuration } from '../../configuration/index.ts'
import type { Credentials } from '../../credentials/index.ts'
import { type Directory, createMayBecome } from '../../directory/index.ts'
import { createGraph } from '../../graph/index.ts'
import { createIssuers, openUpstreams, trustsIssuer } from '../../issuers/index.ts'
import { type Identity, createIdentity, portalClient } from '../../identity/index.ts'
import { perOrigin } from '../../platform/http/requested-origin.ts'
import { type KnownSenders, createKnownSenders } from '../../platform/limits/sender-budget.ts'
import { managementRoutes } from '../../management/index.ts'
import { type PortalSignIns, createPortalHost } from '../../portal-host/index.ts'
import { type SignInPages, createConsents, createSignInPages, pagesClientId } from '../../sign-in/index.ts'
import { openAuthority } from './authority.ts'
import type { ModuleBasis } from './basis.ts'
import { type PortalResources, portalAbilities, portalRegistries } from './portal-abilities.ts'

/** The modules that know principals, authenticate the principals and decide about their permissions. */
export type Principals = Awaited<ReturnType<typeof createPrincipals>>

/** @throws StartupError for files of identity providers that cannot be used */
export async function createPrincipals(
  basis: ModuleBasis,
  configuration: Configuration,
  { audit, resources }: { readonly audit: Audit; readonly resources: PortalResources },
) {
  const { database, clock, log, publicOrigin } = basis
  const consents = createConsents(database)
  const { access, directory, credentials } = openAuthority(basis, configuration, {
    acceptsIssuer: basis.outbound.acceptsUrl,
    onPrincipalDeleted: (transaction, objectId) => consents.forgetPerson(transaction, objectId),
    onApplicationDeleted: (transaction, appId) => consents.forgetClient(transaction, appId),
  })
  const senders = createKnownSenders(clock)
  const issuers = createIssuers({
    credentials,
    directory,
    clock,
    outbound: basis.outbound,
    trustedTenants: configuration.trustedTenants,
    maxWorkloadTokenSeconds: configuration.identity.maxWorkloadTokenSeconds,
  })
  const identity = createIdentity({
    ...basis,
    ...identitySettings(configuration),
    audit,
    credentials,
    directory,
    issuers,
    senders,
  })
  const mayBecome = createMayBecome({
    directory,
    roleBeyond: async (callerId, targetId) => {
      if (!configuration.identity.protectRoleAssigners) return undefined
      const [groupIds, reach] = await Promise.all([
        directory.groupIdsOf(callerId),
        directory.groupIdsInReachOf(targetId),
      ])
      return access.roleBeyond(
        { kind: 'directory', objectId: callerId, groupIds },
        { kind: 'directory', objectId: targetId, groupIds: reach },
      )
    },
  })
  const graph = createGraph({
    database,
    clock,
    audit,
    log,
    publicOrigin,
    credentials,
    directory,
    consents,
    mayBecome,
    testWorkloadToken: (text, appId) => issuers.testWorkloadToken(text, appId),
    findClientName: async (clientId) =>
      clientId === pagesClientId ? 'Browser' : (await identity.findClient(clientId))?.displayName,
    identityProviders: configuration.identityProviders,
    authenticate: identity.authenticateGraph,
  })
  const portal = createPortalHost({
    ...basis,
    audit,
    armRoots,
    signIns: portalSignIns(basis, { credentials, identity }),
    onSignOut: (...person) => pages.endSessionOf(...person),
    findRegistry: portalRegistries(resources),
    findAbilities: portalAbilities({ access, directory, resources }),
  })
  const pages: SignInPages = await createPages(basis, configuration, {
    audit,
    credentials,
    directory,
    identity,
    senders,
    onSignOut: portal.endSessionOf,
  })
  return { access, credentials, directory, identity, mayBecome, graph, pages, portal }
}

/** The first segments of the paths that the portal forwards to ARM. The portal does not forward public paths. */
const armRoots = new Set(
  managementRoutes.filter(({ need }) => need !== 'public').map(({ path }) => path.split('/')[1] ?? ''),
)

/** The sign-ins of the portal, as a client of our identity provider. */
function portalSignIns(
  { publicOrigin }: Pick<ModuleBasis, 'publicOrigin'>,
  { credentials, identity }: { readonly credentials: Credentials; readonly identity: Identity },
): PortalSignIns {
  const client = perOrigin(publicOrigin, portalClient)
  return {
    get client() {
      return client()
    },
    verify: async (accessToken) => {
      const verdict = await identity.verifyAccessToken(accessToken, ['arm'])
      if (!verdict.ok) return undefined
      const { principal, appId, tenantId, credentialId } = verdict.identity
      if (principal.kind !== 'user' || appId !== client().clientId || credentialId === undefined) return undefined
      const { objectId, displayName, userPrincipalName } = principal
      return { objectId, displayName, userPrincipalName, tenantId, signInId: credentialId }
    },
    hasSecondFactor: async (objectId) => {
      const { totp, passkeys } = await credentials.secondFactors.of(objectId)
      return totp || passkeys > 0
    },
    end: (transaction, signInId) => credentials.endSignIn(transaction, signInId),
  }
}

function identitySettings({ identity, signingKeyRotationDays }: Configuration) {
  const { passwordGrant, maxSignInDays } = identity
  return { signingKeyRotationDays, passwordGrant, maxSignInDays }
}

type PagesOptions = {
  readonly audit: Audit
  readonly credentials: Credentials
  readonly directory: Directory
  readonly identity: Identity
  readonly senders: KnownSenders
  readonly onSignOut: NonNullable<Parameters<typeof createSignInPages>[0]['onSignOut']>
}

/** Also ends the sign-ins that the configuration no longer permits. */
async function createPages(basis: ModuleBasis, configuration: Configuration, options: PagesOptions) {
  const { database, clock, log, sealer, publicOrigin } = basis
  const { credentials, directory, senders } = options
  const providers = configuration.identityProviders
  const upstreams = await openUpstreams({ providers, database, clock, log, sealer, publicOrigin, senders })
  await directory.endSignInsOfRemovedProviders((issuer) => providers.some((provider) => trustsIssuer(provider, issuer)))
  await credentials.endInsufficientSignIns()
  return createSignInPages({
    ...options,
    database,
    clock,
    log,
    sealer,
    publicOrigin,
    upstreams,
    acceptsProviderMfa: configuration.identity.acceptProviderMfa,
    maxSignInDays: configuration.identity.maxSignInDays,
  })
}
