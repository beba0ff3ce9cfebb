import { listDirectory } from '../../api/directory.ts'
import { usePages } from '../../api/queries.ts'

/** The collections of the directory. */
export type Collection = 'users' | 'groups' | 'applications' | 'servicePrincipals'

/** The objects of a collection whose names begin with a text, page by page. */
export function useDirectoryList<Item>(collection: Collection, prefix: string) {
  return usePages(['directory', collection, prefix], (after, signal) =>
    listDirectory<Item>(collection, { prefix, after }, signal),
  )
}
