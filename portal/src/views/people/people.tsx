import { useSearch } from '@tanstack/react-router'
import type { GraphUser } from '../../api/graph-types.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { DirectoryView } from '../../components/identities/directory-view.tsx'
import { EnabledBadge } from '../../components/identities/state-badge.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { CreatePerson } from './create-person.tsx'

const view = identitiesTexts.peopleView

/** The people of the directory. */
export function People() {
  const { create } = useSearch({ from: '/shell/people' })
  return (
    <DirectoryView<GraphUser>
      title={identitiesTexts.people}
      collection="users"
      empty={view.empty}
      columns={[
        {
          title: words.name,
          cell: ({ id, displayName }) => (
            <AppLink to="/people/$id" params={{ id }}>
              {displayName}
            </AppLink>
          ),
        },
        { title: words.userName, cell: ({ userPrincipalName }) => userPrincipalName },
        { title: words.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) },
        { title: words.state, cell: ({ accountEnabled }) => <EnabledBadge isEnabled={accountEnabled} /> },
      ]}
      create={view.create}
      form={(onClose) => <CreatePerson onClose={onClose} />}
      opensForm={create === 'true'}
      command="az ad user list --output table"
    />
  )
}
