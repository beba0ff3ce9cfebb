import { listExternalIdentities, listGroupsOf, listMethods, readUser } from '../../api/directory.ts'
import { useRead, useReadAgain } from '../../api/queries.ts'
import { listSignIns } from '../../api/sign-ins.ts'

/** A person. */
export function usePerson(id: string) {
  return useRead(['person', id], (signal) => readUser(id, signal))
}

/** The sign-in methods of a person. */
export function useMethods(id: string) {
  return useRead(['person', id, 'methods'], (signal) => listMethods(id, signal))
}

/** The sign-ins of a person. */
export function useSignIns(id: string, isWanted: boolean) {
  return useRead(['person', id, 'sign-ins'], isWanted && ((signal) => listSignIns(id, signal)))
}

/** The identities of a person at other providers. */
export function useExternalIdentities(id: string) {
  return useRead(['person', id, 'identities'], (signal) => listExternalIdentities(id, signal))
}

/** The groups of a person. */
export function useGroupsOf(id: string) {
  return useRead(['person', id, 'groups'], (signal) => listGroupsOf(id, signal))
}

/** Reads a person again after a change. */
export function useChangedPerson(id: string): () => Promise<void> {
  const readAgain = useReadAgain()
  return () => readAgain(['person', id], ['directory', 'users'], ['directory-roles'])
}
