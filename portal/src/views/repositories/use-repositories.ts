import { useInfiniteQuery } from '@tanstack/react-query'
import { listRepositories } from '../../api/registry.ts'

/** The repositories that the person may see, page by page. */
export function useRepositories(loginServer: string) {
  return useInfiniteQuery({
    queryKey: ['repositories', loginServer],
    queryFn: ({ pageParam, signal }) => listRepositories(loginServer, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ last }) => last,
  })
}
