import type { GraphGroup } from '../../api/graph-types.ts'
import { AppLink } from '../elements/app-link.tsx'
import { words } from '../texts/words.ts'

type Listed = Pick<GraphGroup, 'id' | 'displayName'> & { readonly description?: string | null }

/** The columns of a list of groups. */
export const groupColumns = [
  {
    title: words.name,
    cell: ({ id, displayName }: Listed) => (
      <AppLink to="/groups/$id" params={{ id }}>
        {displayName}
      </AppLink>
    ),
  },
  { title: words.description, cell: ({ description }: Listed) => description ?? '' },
]
