import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type ListOrder, listManifests, listTags, readRepository } from '../../api/registry.ts'

/** The properties of a repository, and what the person may do in it. */
export function useRepository(loginServer: string, repository: string) {
  return useQuery({
    queryKey: ['repository', loginServer, repository],
    queryFn: ({ signal }) => readRepository(loginServer, repository, signal),
  })
}

/** The tags of a repository, page by page. */
export function useTags(loginServer: string, repository: string, order: ListOrder) {
  return useInfiniteQuery({
    queryKey: ['tags', loginServer, repository, order],
    queryFn: ({ pageParam, signal }) => listTags(loginServer, repository, { last: pageParam, order }, signal),
    initialPageParam: '',
    getNextPageParam: ({ last }) => last,
  })
}

/** The manifests of a repository, page by page. */
export function useManifests(loginServer: string, repository: string, order: ListOrder) {
  return useInfiniteQuery({
    queryKey: ['manifests', loginServer, repository, order],
    queryFn: ({ pageParam, signal }) => listManifests(loginServer, repository, { last: pageParam, order }, signal),
    initialPageParam: '',
    getNextPageParam: ({ last }) => last,
  })
}
