import { listMembers, readGroup } from '../../api/directory.ts'
import { usePages, useRead, useReadAgain } from '../../api/queries.ts'

/** A group. */
export function useGroup(id: string) {
  return useRead(['group', id], (signal) => readGroup(id, signal))
}

/** The members of a group, page by page. */
export function useMembers(id: string) {
  return usePages(['group', id, 'members'], (after, signal) => listMembers(id, after, signal))
}

/** Reads a group again after a change. */
export function useChangedGroup(id: string): () => Promise<void> {
  const readAgain = useReadAgain()
  return () => readAgain(['group', id], ['directory', 'groups'])
}
