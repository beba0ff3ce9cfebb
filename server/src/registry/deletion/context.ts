import type { Database } from '../../platform/sql/database.ts'
import type { RepositoryCache } from '../repositories/context.ts'

/** What a change to the content of a repository is given. */
export type ChangeContext = {
  readonly database: Database
  /** Undefined where another process may write to the database too. */
  readonly manifestCache: RepositoryCache | undefined
}
