import { listSignIns } from '../../api/sign-ins.ts'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { listExternalIdentities, listGroupsOf, listMethods, readUser } from '../../api/directory.ts'

/** A person. */
export function usePerson(id: string) {
  return useQuery({ queryKey: ['person', id], queryFn: ({ signal }) => readUser(id, signal) })
}

/** The sign-in methods of a person. */
export function useMethods(id: string) {
  return useQuery({ queryKey: ['person', id, 'methods'], queryFn: ({ signal }) => listMethods(id, signal) })
}

/** The sign-ins of a person. */
export function useSignIns(id: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['person', id, 'sign-ins'],
    enabled: isWanted,
    queryFn: ({ signal }) => listSignIns(id, signal),
  })
}

/** The identities of a person at other providers. */
export function useExternalIdentities(id: string) {
  return useQuery({
    queryKey: ['person', id, 'identities'],
    queryFn: ({ signal }) => listExternalIdentities(id, signal),
  })
}

/** The groups of a person. */
export function useGroupsOf(id: string) {
  return useQuery({ queryKey: ['person', id, 'groups'], queryFn: ({ signal }) => listGroupsOf(id, signal) })
}

/** Reads a person again after a change. */
export function useChangedPerson(id: string): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['person', id] }),
      queries.invalidateQueries({ queryKey: ['directory', 'users'] }),
      queries.invalidateQueries({ queryKey: ['directory-roles'] }),
    ])
  }
}
