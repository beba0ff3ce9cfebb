import { ApiError } from './client.ts'
import type { ChangeableAttributes } from './content-types.ts'
import { changeLocks, deleteManifest, deleteTag } from './registry-changes.ts'

/** A change of a tag or a manifest of a repository. */
export type Operation = { readonly reference: string } & (
  | { readonly operation: 'deleteManifest' | 'deleteTag' }
  | { readonly operation: 'setAttributes'; readonly attributes: ChangeableAttributes }
)

/** What became of a change. */
export type Outcome = { readonly reference: string; readonly error: string | undefined }

/** Makes changes one after the other. A change that the server does not make does not stop the others. */
export async function changeMany(
  place: { readonly loginServer: string; readonly repository: string },
  operations: readonly Operation[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const each of operations) {
    const { reference } = each
    try {
      await change(place, each)
      outcomes.push({ reference, error: undefined })
    } catch (error) {
      if (!isOfOne(error)) throw error
      outcomes.push({ reference, error: error.message })
    }
  }
  return outcomes
}

/** Whether the error is about the tag or manifest. Otherwise the other changes would fail too. */
function isOfOne(error: unknown): error is ApiError {
  return error instanceof ApiError && [403, 404, 405, 409].includes(error.status)
}

async function change(place: { readonly loginServer: string; readonly repository: string }, each: Operation) {
  const { reference } = each
  switch (each.operation) {
    case 'deleteManifest':
      return deleteManifest(place, reference)
    case 'deleteTag':
      return deleteTag(place, reference)
    case 'setAttributes':
      return changeLocks(
        { ...place, ...(reference.includes(':') ? { digest: reference } : { tag: reference }) },
        each.attributes,
      )
  }
}
