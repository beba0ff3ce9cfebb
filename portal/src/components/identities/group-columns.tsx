import type { GraphGroup } from '../../api/graph-types.ts'
import { AppLink } from '../elements/app-link.tsx'
import { identitiesTexts } from '../texts/identities.ts'

type Listed = Pick<GraphGroup, 'id' | 'displayName'> & { readonly description?: string | null }

/** The columns of a list of groups. */
export const groupColumns = [
  {
    title: identitiesTexts.name,
    cell: ({ id, displayName }: Listed) => (
      <AppLink to="/groups/$id" params={{ id }}>
        {displayName}
      </AppLink>
    ),
  },
  { title: identitiesTexts.description, cell: ({ description }: Listed) => description ?? '' },
]
