import { usePages } from '../../api/queries.ts'
import { type RepositoryQuestion, listRepositoryRows } from '../../api/repositories.ts'

/** The repositories that the person may see, page by page. The rows before stay until those of another question are there. */
export function useRepositories(loginServer: string, question: RepositoryQuestion) {
  return usePages(
    ['repositories', loginServer, question],
    (after, signal) => listRepositoryRows(loginServer, question, after, signal),
    { keepsPrevious: true },
  )
}
