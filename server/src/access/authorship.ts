/** Who made or changed something, as ARM names them. */
export type Author = { readonly name: string; readonly kind: 'User' | 'Application' }

/** Who made something and who changed it last, and when. */
export type Authorship = {
  readonly createdAtMs: number
  readonly createdBy: Author
  readonly changedAtMs: number
  readonly changedBy: Author
}

/** The authorship of what an author makes now, or of what was there already and is changed now. */
export function authorshipAfter(before: Authorship | undefined, author: Author, nowMs: number): Authorship {
  const { createdAtMs, createdBy } = before ?? { createdAtMs: nowMs, createdBy: author }
  return { createdAtMs, createdBy, changedAtMs: nowMs, changedBy: author }
}
