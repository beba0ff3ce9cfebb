import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import type { GraphUser } from '../../api/graph-types.ts'
import { ActionBar } from '../../content/action-bar.tsx'
import { DirectoryTable, FilterField } from '../../identities/directory-table.tsx'
import { EnabledBadge } from '../../identities/parts.tsx'
import { useOwnerReason } from '../../identities/use-directory-role.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { formatTime } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { identitiesTexts } from '../../texts/identities.ts'
import { texts } from '../../texts.ts'
import { CreatePerson } from './create-person.tsx'

const view = identitiesTexts.peopleView

/** The people of the directory. */
export function People() {
  const { filter = '', create = false } = useSearch({ from: '/shell/people' })
  const navigate = useNavigate({ from: '/people' })
  const reason = useOwnerReason()
  const [isCreating, setCreating] = useState(create)
  const onFilter = useCallback(
    (text: string) => void navigate({ search: text === '' ? {} : { filter: text }, replace: true }),
    [navigate],
  )
  return (
    <Page title={identitiesTexts.people}>
      <ActionBar actions={[{ label: view.create, reason, isPrimary: true, act: () => setCreating(true) }]} />
      <FilterField filter={filter} onFilter={onFilter} />
      <DirectoryTable<GraphUser>
        label={identitiesTexts.people}
        collection="users"
        filter={filter}
        empty={view.empty}
        columns={[
          {
            title: identitiesTexts.name,
            cell: ({ id, displayName }) => (
              <AppLink to="/people/$id" params={{ id }}>
                {displayName}
              </AppLink>
            ),
          },
          { title: identitiesTexts.userName, cell: ({ userPrincipalName }) => userPrincipalName },
          { title: identitiesTexts.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) },
          { title: identitiesTexts.state, cell: ({ accountEnabled }) => <EnabledBadge isEnabled={accountEnabled} /> },
        ]}
      />
      <Section title={texts.commandLine}>
        <CopyText label={texts.commandLine} text="az ad user list --output table" />
      </Section>
      {isCreating && reason === undefined && <CreatePerson onClose={() => setCreating(false)} />}
    </Page>
  )
}
