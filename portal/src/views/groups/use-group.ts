import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { listMembers, readGroup } from '../../api/directory.ts'

/** A group. */
export function useGroup(id: string) {
  return useQuery({ queryKey: ['group', id], queryFn: ({ signal }) => readGroup(id, signal) })
}

/** The members of a group, page by page. */
export function useMembers(id: string) {
  return useInfiniteQuery({
    queryKey: ['group', id, 'members'],
    queryFn: ({ pageParam, signal }) => listMembers(id, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
}

/** Reads a group again after a change. */
export function useChangedGroup(id: string): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['group', id] }),
      queries.invalidateQueries({ queryKey: ['directory', 'groups'] }),
    ])
  }
}
