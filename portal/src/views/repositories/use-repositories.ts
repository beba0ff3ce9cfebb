import { usePages } from '../../api/queries.ts'
import { listRepositories } from '../../api/registry.ts'

/** The repositories that the person may see, page by page. */
export function useRepositories(loginServer: string) {
  return usePages(['repositories', loginServer], (after, signal) => listRepositories(loginServer, after, signal))
}
