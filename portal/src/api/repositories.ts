import { readJson } from './client.ts'
import type { ListedRepository, RepositoryList } from './content-types.ts'
import { type Page, nextOf, pageQuery, registryPath } from './registry.ts'

/** How many vulnerabilities an image has, or the newest image of a repository, by severity. */
type VulnerabilitySummary = {
  readonly critical: number
  readonly high: number
  readonly medium: number
  readonly low: number
}

/** A repository in the list of repositories. */
export type RepositoryRow = ListedRepository & {
  readonly description?: string
  readonly vulnerabilities?: VulnerabilitySummary
}

/** A page of the list of repositories. The first page has the number and the bytes of all, if they are known. */
export type RepositoryPage = Page<RepositoryRow> & {
  readonly count: number | undefined
  readonly sizeBytes: number | undefined
  /** Why the list is not complete. */
  readonly incomplete: string | undefined
}

/** The order and the filters of the list of repositories. */
export type RepositoryQuestion = {
  readonly orderby: string
  readonly filter?: string
  readonly pushedAfter?: string
  readonly pushedBefore?: string
  readonly notPulledSince?: string
  readonly pushedBy?: string
}

/** A page of the repositories that the person may see, with their columns. */
export async function listRepositoryRows(
  loginServer: string,
  question: RepositoryQuestion,
  last: string,
  signal: AbortSignal,
): Promise<RepositoryPage> {
  const query = `${pageQuery(last)}&${new URLSearchParams(question).toString()}`
  const path = `${registryPath(loginServer)}/acr/v1/_repositories?${query}`
  const { body, headers } = await readJson<RepositoryList>(path, { signal })
  return {
    items: body.repositories,
    next: nextOf(headers),
    count: body.count,
    sizeBytes: body.size,
    incomplete: body.incomplete === true ? (body.message ?? '') : undefined,
  }
}

/** A repository as the list has it. Null if it is not among the first of the list whose names contain its name. */
export async function findRepositoryRow(
  loginServer: string,
  repository: string,
  signal: AbortSignal,
): Promise<RepositoryRow | null> {
  const question = { orderby: 'name asc', filter: repository }
  const { items } = await listRepositoryRows(loginServer, question, '', signal)
  return items.find(({ name }) => name === repository) ?? null
}
