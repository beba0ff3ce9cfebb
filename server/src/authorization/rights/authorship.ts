import type { Author } from '@acrux/shared/standards/azure/author.ts'

/** The principals that created and last changed a resource, and the times. */
export type Authorship = {
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The authorship after an author changes a resource, or creates the resource. */
export function authorshipAfter(before: Authorship | undefined, author: Author, nowMs: number): Authorship {
  const { createdAtMs, createdBy } = before ?? { createdAtMs: nowMs, createdBy: author }
  return { createdAtMs, createdBy, changedAtMs: nowMs, changedBy: author }
}
