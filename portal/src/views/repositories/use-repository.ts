import { usePages, useRead } from '../../api/queries.ts'
import { type ListOrder, listManifests, listTags, readRepository } from '../../api/registry.ts'

/** The properties of a repository, and what the person may do in it. */
export function useRepository(loginServer: string, repository: string) {
  return useRead(['repository', loginServer, repository], (signal) => readRepository(loginServer, repository, signal))
}

/** The tags of a repository, page by page. */
export function useTags(loginServer: string, repository: string, order: ListOrder) {
  return usePages(['tags', loginServer, repository, order], (after, signal) =>
    listTags(loginServer, repository, { last: after, order }, signal),
  )
}

/** The manifests of a repository, page by page. */
export function useManifests(loginServer: string, repository: string, order: ListOrder) {
  return usePages(['manifests', loginServer, repository, order], (after, signal) =>
    listManifests(loginServer, repository, { last: after, order }, signal),
  )
}
