import { Field, Input } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { createGroup } from '../../api/directory.ts'
import type { GraphGroup } from '../../api/graph-types.ts'
import { ActionBar } from '../../content/action-bar.tsx'
import { DirectoryTable, FilterField } from '../../identities/directory-table.tsx'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { useOwnerReason } from '../../identities/use-directory-role.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { formatTime } from '../../shell/format.ts'
import { Page, Section } from '../../shell/page.tsx'
import { identitiesTexts } from '../../texts/identities.ts'
import { texts } from '../../texts.ts'

const view = identitiesTexts.groupsView

/** The groups of the directory. */
export function Groups() {
  const { filter = '' } = useSearch({ from: '/shell/groups' })
  const navigate = useNavigate({ from: '/groups' })
  const reason = useOwnerReason()
  const [isCreating, setCreating] = useState(false)
  const onFilter = useCallback(
    (text: string) => void navigate({ search: text === '' ? {} : { filter: text }, replace: true }),
    [navigate],
  )
  return (
    <Page title={identitiesTexts.groups}>
      <ActionBar actions={[{ label: view.create, reason, isPrimary: true, act: () => setCreating(true) }]} />
      <FilterField filter={filter} onFilter={onFilter} />
      <DirectoryTable<GraphGroup>
        label={identitiesTexts.groups}
        collection="groups"
        filter={filter}
        empty={view.empty}
        columns={[
          {
            title: identitiesTexts.name,
            cell: ({ id, displayName }) => (
              <AppLink to="/groups/$id" params={{ id }}>
                {displayName}
              </AppLink>
            ),
          },
          { title: identitiesTexts.description, cell: ({ description }) => description ?? '' },
          { title: identitiesTexts.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) },
        ]}
      />
      <Section title={texts.commandLine}>
        <CopyText label={texts.commandLine} text="az ad group list --output table" />
      </Section>
      {isCreating && <CreateGroup onClose={() => setCreating(false)} />}
    </Page>
  )
}

function CreateGroup({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const submit = async () => {
    const { id } = await createGroup(name, description)
    await queries.invalidateQueries({ queryKey: ['directory', 'groups'] })
    await navigate({ to: '/groups/$id', params: { id } })
  }
  return (
    <FormDialog title={view.create} action={view.create} isReady={name !== ''} onSubmit={submit} onClose={onClose}>
      <Field label={identitiesTexts.name} required>
        <Input value={name} onChange={(_event, { value }) => setName(value)} />
      </Field>
      <Field label={identitiesTexts.description}>
        <Input value={description} onChange={(_event, { value }) => setDescription(value)} />
      </Field>
    </FormDialog>
  )
}
