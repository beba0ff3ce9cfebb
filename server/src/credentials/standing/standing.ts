import type { Directory } from '../../directory/index.ts'
import { AuthorityMemory, andThen } from '../../platform/memory/authority-memory.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Database } from '../../platform/sql/database.ts'
import { parseGuid } from '../../standards/azure/guid.ts'

/** How many valid credentials are cached. */
const memoryLimit = 100_000

/** Until when a credential of a principal is valid; undefined if it is of another kind, or no longer valid. */
export type ValidUntil = (objectId: string, credentialId: string) => Promise<number | undefined>

/** Creates the check whether a principal exists, is enabled and still has a credential. */
export function createStandingCheck({
  database,
  clock,
  directory,
  kinds,
}: {
  readonly database: Pick<Database, 'authorityRevision'>
  readonly clock: Clock
  readonly directory: Pick<Directory, 'findServicePrincipal' | 'findUser'>
  readonly kinds: readonly ValidUntil[]
}) {
  const memory = new AuthorityMemory<{ readonly objectIdText: string; readonly credentialId: string | undefined }>(
    memoryLimit,
  )

  async function validUntilMs(objectId: string, credentialId: string | undefined): Promise<number | undefined> {
    if (credentialId === undefined) {
      const principal = (await directory.findServicePrincipal(objectId)) ?? (await directory.findUser(objectId))
      return principal?.enabled === true ? Number.POSITIVE_INFINITY : undefined
    }
    for (const find of kinds) {
      const untilMs = await find(objectId, credentialId)
      if (untilMs !== undefined) return untilMs
    }
    return undefined
  }

  // Called for every token that is issued: a hit parses and builds nothing.
  return (objectIdText: string, credentialId: string | undefined): boolean | Promise<boolean> =>
    andThen(database.authorityRevision(), (revision) => {
      const key = credentialId ?? objectIdText
      const known = memory.recall(revision, key, clock.now())
      if (known?.objectIdText === objectIdText && known.credentialId === credentialId) return true
      const objectId = parseGuid(objectIdText)
      if (objectId === undefined) return false
      return andThen(validUntilMs(objectId, credentialId), (untilMs) => {
        if (untilMs === undefined || clock.now() >= untilMs) return false
        memory.keep(revision, key, { objectIdText, credentialId }, untilMs)
        return true
      })
    })
}
