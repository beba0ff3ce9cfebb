import { readJson } from './client.ts'
import type { ListedRepository, RepositoryList } from './content-types.ts'
import { type Page, pageQuery, registryPath } from './registry.ts'

/** How many vulnerabilities the newest image of a repository has, by severity. */
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

/** Where the next page begins: `last` in the address of the link. */
function nextOf(headers: Headers): string | undefined {
  const link = /<([^>]*)>/.exec(headers.get('link') ?? '')?.[1]
  return link === undefined ? undefined : (new URL(link, location.origin).searchParams.get('last') ?? undefined)
}
