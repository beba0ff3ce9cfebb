/** The most entries that one page of a list has. */
export const maxPageSize = 1000

/** A page size that was asked for; undefined when it was left to the server. */
export type PageSize = { readonly ok: true; readonly size: number | undefined } | { readonly ok: false }

/**
 * Reads the query parameter `n`. [OCI distribution-spec, Listing Tags]
 *
 * Zero is allowed and gives an empty list; more than 1,000 is taken for 1,000, as a page may always be shorter than
 * asked; an empty value counts as none. Signs, fractions, exponents and text are errors.
 */
export function parsePageSize(text: string | undefined): PageSize {
  if (text === undefined || text === '') return { ok: true, size: undefined }
  if (!/^[0-9]{1,400}$/.test(text)) return { ok: false }
  return { ok: true, size: Math.min(Number(text), maxPageSize) }
}
