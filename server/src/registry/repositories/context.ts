import type { RepositoryReads } from './repository-store.ts'
import type { TagReads } from './tag-store.ts'

/** What the lists of repositories and tags are given. */
export type RepositoryContext = {
  readonly repositories: RepositoryReads
  readonly tags: TagReads
}

/** Content of repositories that is kept in memory. */
export interface RepositoryCache {
  /** Drops everything of a repository, after a change to its content and before that change is acknowledged. */
  drop(rid: string, repository: string): void
}
