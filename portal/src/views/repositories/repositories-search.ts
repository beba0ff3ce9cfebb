import { anyText, oneOf, searchOf } from '../../components/elements/search-params.ts'

/** Reads the address of the list of repositories. */
export const parseRepositoriesSearch = searchOf({ filter: anyText, sort: oneOf('reversed'), show: oneOf('tree') })

/** The values in the address of the list of repositories. */
export type RepositoriesSearch = ReturnType<typeof parseRepositoriesSearch>
