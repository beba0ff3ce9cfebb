import type { EventSearch } from '../../api/audit.ts'
import { oneOf, searchOf, tableValues } from '../../components/elements/search-params.ts'

const maxLength = 200

/** Reads the address of a log: a search, and what is chosen in its table. */
export const parseEventSearch = searchOf({
  ...tableValues(),
  principal: readText,
  action: readText,
  address: readText,
  id: readText,
  from: readTime,
  to: readTime,
  outcome: oneOf('success', 'refused'),
})

/** The search that an address contains, without what is chosen in the table. */
export function eventSearchOf({
  sort: _sort,
  columns: _columns,
  open: _open,
  ...search
}: ReturnType<typeof parseEventSearch>): EventSearch {
  return search
}

function readText(value: string): string | undefined {
  const text = value.trim()
  return text === '' || text.length > maxLength ? undefined : text
}

function readTime(value: string): string | undefined {
  const text = readText(value) ?? ''
  const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

/** A time as an input of the type `datetime-local` has it: of the device, without a zone. */
export function toLocalText(iso: string | undefined): string {
  if (iso === undefined) return ''
  const date = new Date(iso)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
