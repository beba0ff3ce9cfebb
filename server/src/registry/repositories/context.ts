import type { RepositoryReads } from './repository-store.ts'
import type { TagReads } from './tag-store.ts'

/** The context of the lists of repositories and tags. */
export type RepositoryContext = {
  readonly repositories: RepositoryReads
  readonly tags: TagReads
}

/** A cache of the content of repositories. */
export interface RepositoryCache {
  /** Drops everything of a repository. Called after a change to its content, before the change is acknowledged. */
  drop(rid: string, repository: string): void
}
