import type { Directory } from '../../directory/index.ts'
import { RevisionCache } from '../../platform/memory/revision-cache.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { Credential, CredentialKind } from '../records/model.ts'

/**
 * The maximum number of valid credentials that are cached, for one authority revision and at most until the credential expires. The cache
 * saves up to two reads for each token: 1.4 µs of processor time instead of 16 µs with SQLite.
 */
const maxCachedCredentials = 100_000

/** The time until which a principal has a valid credential of one kind; undefined if the principal has no such credential. */
export type ValidUntil = (objectId: string, credentialId: string) => Promise<number | undefined>

/** The lookup function of each kind of credential. A lookup takes one query. */
export type ValidUntilOfKinds = Readonly<Record<Exclude<CredentialKind, 'external-principal'>, ValidUntil>>

export type StandingOptions = {
  readonly database: Pick<Database, 'authorityRevision'>
  readonly clock: Clock
  readonly directory: Pick<Directory, 'externalPrincipals' | 'findServicePrincipal' | 'findUser'>
  readonly kinds: ValidUntilOfKinds
}

/** Creates the function that checks whether a principal exists, is enabled and still has a credential. */
export function createStandingCheck(options: StandingOptions) {
  const { database, clock } = options
  const cache = new RevisionCache<{ readonly objectIdText: string; readonly kind: CredentialKind | undefined }>(
    maxCachedCredentials,
  )

  // This function is called for every token that is issued. If the cache contains the result, the function parses and allocates nothing.
  return async (objectIdText: string, credential: Credential | undefined): Promise<boolean> => {
    const revision = await database.authorityRevision()
    const key = credential?.id ?? objectIdText
    const cached = cache.get(revision, key, clock.now())
    if (cached?.objectIdText === objectIdText && cached.kind === credential?.kind) return true
    const objectId = parseGuid(objectIdText)
    if (objectId === undefined) return false
    const untilMs = await validUntilMs(options, objectId, credential)
    if (untilMs === undefined || clock.now() >= untilMs) return false
    cache.set(revision, key, { objectIdText, kind: credential?.kind }, untilMs)
    return true
  }
}

async function validUntilMs(
  { directory, kinds }: StandingOptions,
  objectId: string,
  credential: Credential | undefined,
): Promise<number | undefined> {
  switch (credential?.kind) {
    case undefined: {
      const principal = (await directory.findServicePrincipal(objectId)) ?? (await directory.findUser(objectId))
      return principal?.enabled === true ? Number.POSITIVE_INFINITY : undefined
    }
    case 'external-principal': {
      const id = await directory.externalPrincipals.credentialIdOf(objectId)
      return id === credential.id ? Number.POSITIVE_INFINITY : undefined
    }
    case 'client-secret':
    case 'certificate':
    case 'federated-credential':
    case 'machine':
    case 'sign-in':
      return kinds[credential.kind](objectId, credential.id)
  }
}
