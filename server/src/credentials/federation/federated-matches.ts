import type { Directory, ServicePrincipal } from '../../directory/index.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { trustKeysOf, trusts } from '@acrux/shared/standards/oauth/federated-trust.ts'
import type { ExternalAssertion, FederatedMatch } from '../records/model.ts'
import type { FederatedCredentialRow } from '../records/rows.ts'
import type { FederatedCredentialStore } from './federated-credential-store.ts'
import { trustOf } from './trust-columns.ts'

/**
 * The maximum number of applications or subjects whose credentials are cached, for one authority revision. The cache saves two reads for
 * each token: 3 µs of processor time instead of 130 µs with SQLite.
 */
const maxCachedKeys = 10_000

/** A credential with the service principal that it authenticates. */
type Candidate = { readonly row: FederatedCredentialRow; readonly servicePrincipal: ServicePrincipal }

export type FederatedMatchOptions = {
  readonly database: Pick<Database, 'authorityRevision'>
  readonly directory: Pick<Directory, 'applications'>
  readonly store: FederatedCredentialStore
  readonly clock: Clock
}

/**
 * Creates the search for the federated credential that trusts a token. With `appId`, the search covers only this application; without it,
 * exactly one application may trust the token.
 */
export function createFederatedMatch({ database, directory, store, clock }: FederatedMatchOptions) {
  const cache = new RevisionCache<readonly Candidate[]>(maxCachedKeys)

  /**
   * The cache stores the rows that a query found. The cache does not store an empty result, because unauthenticated callers choose the key.
   */
  async function candidates(key: string, find: () => Promise<FederatedCredentialRow[]>): Promise<readonly Candidate[]> {
    const revision = await database.authorityRevision()
    const cached = cache.get(revision, key, clock.now())
    if (cached !== undefined) return cached
    const found = await withPrincipals(await find())
    const isValid = found.length > 0 && found.every(({ servicePrincipal }) => servicePrincipal.enabled)
    if (isValid) cache.set(revision, key, found, Number.POSITIVE_INFINITY)
    return found
  }

  async function withPrincipals(rows: readonly FederatedCredentialRow[]): Promise<Candidate[]> {
    const appIds = [...new Set(rows.map(({ app_id }) => app_id))]
    const principals = await directory.applications.servicePrincipalsOf(appIds)
    return rows.flatMap((row) => {
      const principal = principals.find(({ appId }) => appId === row.app_id)
      if (principal === undefined) return []
      const { objectId, appId, displayName, enabled } = principal
      return [{ row, servicePrincipal: { objectId, appId, displayName, enabled } }]
    })
  }

  return async (assertion: ExternalAssertion, appIdText: string | undefined): Promise<FederatedMatch> => {
    const { issuer } = assertion
    if (appIdText === undefined) {
      const found: Candidate[] = []
      for (const key of trustKeysOf(assertion)) {
        found.push(...(await candidates(`trust ${issuer} ${key}`, async () => store.byTrust(issuer, key))))
      }
      if (found.length === 0 && !(await store.hasIssuer(issuer))) return { outcome: 'issuer' }
      return matchTrust(found, assertion)
    }
    const appId = parseGuid(appIdText)
    if (appId === undefined) return { outcome: 'issuer' }
    const found = await candidates(`application ${appId} ${issuer}`, async () => store.ofApplication(appId, issuer))
    return found.length === 0 ? { outcome: 'issuer' } : matchTrust(found, assertion)
  }
}

function matchTrust(found: readonly Candidate[], assertion: ExternalAssertion): FederatedMatch {
  const trusting = found.filter(({ row }) => trusts(trustOf(row), assertion))
  if (trusting.length === 0) return { outcome: 'subject' }
  // If a token has several audiences, each of these audiences could present the token here. [RFC 7523 §3]
  const [only, ...more] = assertion.audiences
  const matching = trusting.filter(({ row }) => more.length === 0 && row.audience === only)
  const [first] = matching
  if (first === undefined) return { outcome: 'audience' }
  // One application may have two credentials that trust the same token: one by its subject, and one by its claims.
  if (matching.some(({ row }) => row.app_id !== first.row.app_id)) return { outcome: 'several' }
  const { servicePrincipal, row } = first
  const outcome = servicePrincipal.enabled ? 'matched' : 'disabled'
  return { outcome, servicePrincipal, credentialId: row.credential_id }
}
