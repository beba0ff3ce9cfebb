import { type FilterTerm, unsupportedFilter } from './query.ts'

/** Which tags of a resource a filter requires, and the terms that are about something else. */
export type TagFilter = {
  readonly matches: (tags: Readonly<Record<string, string>>) => boolean
  readonly others: readonly FilterTerm[]
}

/**
 * Reads `tagName eq 'a'`, alone or with `tagValue eq 'b'`. Names of tags are compared in any case, values are not. [Azure
 * Resource Manager, Resource Groups - List]
 *
 * @throws ArmError 400 for a value without a name, and for two of either
 */
export function readTagFilter(terms: readonly FilterTerm[]): TagFilter {
  const named = (wanted: string) => terms.filter(({ form, name }) => form === 'equals' && name === wanted)
  const names = named('tagname')
  const values = named('tagvalue')
  if (names.length > 1 || values.length > names.length) throw unsupportedFilter()
  const name = names[0]?.value?.toLowerCase()
  const value = values[0]?.value
  const matches: TagFilter['matches'] = (tags) =>
    name === undefined ||
    Object.entries(tags).some(
      ([tag, content]) => tag.toLowerCase() === name && (value === undefined || content === value),
    )
  return { matches, others: terms.filter((term) => !names.includes(term) && !values.includes(term)) }
}
