import { findPrincipals } from '../../api/attention.ts'
import { searchContent } from '../../api/content-search.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import { principalTextOf } from './query.ts'

/** The repositories, tags and manifests that the text names, in the registries that the person may see. */
export function useFoundContent(text: string | undefined) {
  return useRead(['search', 'content', text], text !== undefined && ((signal) => searchContent(text, signal)))
}

/** The people, groups and applications whose names begin with the text. Null: the person may not search for them. */
export function useFoundPrincipals(text: string | undefined) {
  const name = text === undefined ? undefined : principalTextOf(text)
  return useRead(
    ['search', 'principals', name],
    name !== undefined &&
      ((signal) =>
        orHidden(
          Promise.all(
            (['user', 'group', 'servicePrincipal'] as const).map((kind) => findPrincipals(kind, name, signal)),
          ),
        )),
  )
}
