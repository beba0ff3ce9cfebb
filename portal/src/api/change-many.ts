import { readJson } from './client.ts'
import type { BulkOperation, BulkResults } from './content-types.ts'
import { registryPath } from './registry.ts'

type Below<Whole> = Whole extends { readonly repository: string } ? Omit<Whole, 'repository'> : never

/** A change of a tag or a manifest of a repository. */
export type Operation = Below<BulkOperation>

/** What became of a change. */
export type Outcome = { readonly reference: string; readonly error: string | undefined }

/** How many changes are made in one request, so that the progress is visible. The server accepts 500. */
const operationsPerRequest = 50

/**
 * Makes changes. A change that the server does not make does not stop the others.
 *
 * @param onProgress Gets the number of changes that have an outcome.
 * @throws ApiError if the first request fails, so that no change was made
 */
export async function changeMany(
  place: { readonly loginServer: string; readonly repository: string },
  operations: readonly Operation[],
  onProgress: (done: number) => void = () => undefined,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  while (outcomes.length < operations.length) {
    const some = operations.slice(outcomes.length, outcomes.length + operationsPerRequest)
    try {
      outcomes.push(...(await changeSome(place, some)))
    } catch (error) {
      if (outcomes.length === 0 || !(error instanceof Error)) throw error
      // The changes of earlier requests are made, and the outcomes say so.
      const { message } = error
      return [...outcomes, ...operations.slice(outcomes.length).map(({ reference }) => ({ reference, error: message }))]
    }
    onProgress(outcomes.length)
  }
  return outcomes
}

/** Makes changes in one request. */
async function changeSome(
  { loginServer, repository }: { readonly loginServer: string; readonly repository: string },
  some: readonly Operation[],
): Promise<readonly Outcome[]> {
  const path = `${registryPath(loginServer)}/acr/v1/_bulk?${new URLSearchParams({ repository }).toString()}`
  const operations = some.map((each) => ({ ...each, repository }))
  const { results } = (await readJson<BulkResults>(path, { method: 'POST', body: { operations } })).body
  return some.map(({ reference }, index) => ({ reference, error: results[index]?.error?.message }))
}
