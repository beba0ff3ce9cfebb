import { Field, Input, Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useState } from 'react'
import { createApplication } from '../../api/applications.ts'
import type { GraphApplication } from '../../api/graph-types.ts'
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

const view = identitiesTexts.applicationsView

/** The applications of the directory. */
export function Applications() {
  const { filter = '' } = useSearch({ from: '/shell/applications' })
  const navigate = useNavigate({ from: '/applications' })
  const reason = useOwnerReason()
  const [isCreating, setCreating] = useState(false)
  const onFilter = useCallback(
    (text: string) => void navigate({ search: text === '' ? {} : { filter: text }, replace: true }),
    [navigate],
  )
  return (
    <Page title={identitiesTexts.applications}>
      <ActionBar actions={[{ label: view.create, reason, isPrimary: true, act: () => setCreating(true) }]} />
      <FilterField filter={filter} onFilter={onFilter} />
      <DirectoryTable<GraphApplication>
        label={identitiesTexts.applications}
        collection="applications"
        filter={filter}
        empty={view.empty}
        columns={[
          {
            title: identitiesTexts.name,
            cell: ({ id, displayName }) => (
              <AppLink to="/applications/$id" params={{ id }}>
                {displayName}
              </AppLink>
            ),
          },
          { title: view.clientId, cell: ({ appId }) => <code>{appId}</code> },
          {
            title: view.credentials,
            cell: ({ passwordCredentials, keyCredentials }) =>
              `${view.secrets(passwordCredentials.length)}, ${view.certificates(keyCredentials.length)}`,
          },
          { title: identitiesTexts.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) },
        ]}
      />
      <Section title={texts.commandLine}>
        <CopyText label={texts.commandLine} text="az ad app list --output table" />
      </Section>
      {isCreating && <CreateApplication onClose={() => setCreating(false)} />}
    </Page>
  )
}

function CreateApplication({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const submit = async () => {
    const { id } = await createApplication(name)
    await queries.invalidateQueries({ queryKey: ['directory', 'applications'] })
    await navigate({ to: '/applications/$id', params: { id } })
  }
  return (
    <FormDialog title={view.create} action={view.create} isReady={name !== ''} onSubmit={submit} onClose={onClose}>
      <Text>{view.hint}</Text>
      <Field label={identitiesTexts.name} required>
        <Input value={name} onChange={(_event, { value }) => setName(value)} />
      </Field>
    </FormDialog>
  )
}
