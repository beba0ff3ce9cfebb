import type { Author } from '@acrux/shared/standards/azure/author.ts'

/** Who created a resource, who last changed it, and when. */
export type Authorship = {
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The authorship after an author changes a resource, or creates it if there was none before. */
export function authorshipAfter(before: Authorship | undefined, author: Author, nowMs: number): Authorship {
  const { createdAtMs, createdBy } = before ?? { createdAtMs: nowMs, createdBy: author }
  return { createdAtMs, createdBy, changedAtMs: nowMs, changedBy: author }
}
