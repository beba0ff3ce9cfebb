import type { Database } from '../../platform/sql/database.ts'
import type { RepositoryCache } from '../repositories/context.ts'

/** The context of a change to a repository. */
export type ChangeContext = {
  readonly database: Database
  readonly manifestCache: RepositoryCache
}
