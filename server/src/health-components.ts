import { opendir } from 'node:fs/promises'
import type { Identity } from './identity/index.ts'
import type { ContentSpace } from './platform/free-space.ts'
import type { HealthComponent, HealthReading } from './platform/health.ts'
import type { Database } from './platform/sql/database.ts'
import type { WriterWatch } from './platform/sql/writer-watch.ts'
import type { Resources } from './resources/index.ts'
import type { TokenService } from './token-service/index.ts'

type HealthSources = {
  readonly database: Database
  readonly writerWatch: WriterWatch
  readonly resources: Resources
  readonly tokenService: TokenService
  readonly identity: Identity
  /** The directory of the blobs. */
  readonly blobs: string
  readonly isDraining: () => boolean
  readonly space: ContentSpace
}

/** How long nothing may be committed before the writer counts as stuck. A transaction waits 10 seconds for a lock of another process. */
const stuckMs = 30_000

/** The table of everything that `/readyz` reports. A row is added for each part of the server that has a state of its own. */
export function healthComponents(sources: HealthSources): readonly HealthComponent[] {
  const { database, writerWatch, resources, tokenService, identity, blobs, isDraining, space } = sources
  return [
    {
      name: 'server',
      required: true,
      check: () => (isDraining() ? unavailable('The server is shutting down.') : ok('The server accepts requests.')),
    },
    {
      name: 'database-writer',
      required: true,
      check: () => {
        if (!database.canWrite()) return unavailable('The database writer has ended. Restart the server.')
        return writerWatch.stuckMs() < stuckMs
          ? ok('Transactions are committed.')
          : unavailable('No transaction has been committed for 30 seconds.')
      },
    },
    {
      name: 'database',
      required: true,
      check: async () => {
        await resources.listSubscriptions()
        return ok('The database can be read.')
      },
    },
    {
      name: 'blob-store',
      required: true,
      check: async () => {
        await using directory = await opendir(blobs)
        await directory.read()
        return ok('The blob store can be read.')
      },
    },
    {
      name: 'signing-keys',
      required: true,
      check: async () => {
        await Promise.all([tokenService.signingKey(), identity.signingKey()])
        return ok('Tokens can be signed.')
      },
    },
    {
      name: 'disk-space',
      required: false,
      check: () =>
        space.state().isLow
          ? degraded('The disk has less free space than the reserve. Uploads are denied.')
          : ok('The disk has space for content.'),
    },
  ]
}

function ok(message: string): HealthReading {
  return { state: 'ok', message }
}

function degraded(message: string): HealthReading {
  return { state: 'degraded', message }
}

function unavailable(message: string): HealthReading {
  return { state: 'unavailable', message }
}
