import { useInfiniteQuery } from '@tanstack/react-query'
import { listDirectory } from '../../api/directory.ts'

/** The collections of the directory. */
export type Collection = 'users' | 'groups' | 'applications' | 'servicePrincipals'

/** The objects of a collection whose names begin with a text, page by page. */
export function useDirectoryList<Item>(collection: Collection, prefix: string) {
  return useInfiniteQuery({
    queryKey: ['directory', collection, prefix],
    queryFn: ({ pageParam, signal }) => listDirectory<Item>(collection, { prefix, after: pageParam }, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
}
