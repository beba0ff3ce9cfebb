import { anyText, oneOf, searchOf } from '../../components/elements/search-params.ts'

/** Reads the address of a repository. */
export const parseRepositorySearch = searchOf({
  show: oneOf('manifests'),
  order: oneOf('oldest', 'name'),
  filter: anyText,
})

/** The values in the address of a repository. */
export type RepositorySearch = ReturnType<typeof parseRepositorySearch>
