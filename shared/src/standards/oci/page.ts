/** The maximum number of entries of a page. */
export const maxPageSize = 1000

/** A requested page size; undefined if the request has none. */
export type PageSize = { readonly ok: true; readonly size: number | undefined } | { readonly ok: false }

/**
 * Parses the query parameter `n`. [OCI distribution-spec, Listing Tags]
 *
 * Zero is valid and means an empty list. More than 1,000 becomes 1,000, since a page can be shorter than requested. An
 * empty value is ignored. Signs, fractions, exponents and text are errors.
 */
export function parsePageSize(text: string | undefined): PageSize {
  if (text === undefined || text === '') return { ok: true, size: undefined }
  if (!/^[0-9]{1,400}$/.test(text)) return { ok: false }
  return { ok: true, size: Math.min(Number(text), maxPageSize) }
}
