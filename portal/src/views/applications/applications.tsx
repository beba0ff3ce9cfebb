import { Field, Input, Text } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { createApplication } from '../../api/applications.ts'
import type { GraphApplication } from '../../api/graph-types.ts'
import { useReadAgain } from '../../api/queries.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { DirectoryView } from '../../components/identities/directory-view.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'

const view = identitiesTexts.applicationsView

/** The applications of the directory. */
export function Applications() {
  return (
    <DirectoryView<GraphApplication>
      title={identitiesTexts.applications}
      collection="applications"
      empty={view.empty}
      columns={[
        {
          title: words.name,
          cell: ({ id, displayName }) => (
            <AppLink to="/applications/$id" params={{ id }}>
              {displayName}
            </AppLink>
          ),
        },
        { title: words.clientId, cell: ({ appId }) => <code>{appId}</code> },
        {
          title: view.credentials,
          cell: ({ passwordCredentials, keyCredentials }) =>
            `${view.secrets(passwordCredentials.length)}, ${view.certificates(keyCredentials.length)}`,
        },
        { title: words.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) },
      ]}
      create={view.create}
      form={(onClose) => <CreateApplication onClose={onClose} />}
      command="az ad app list --output table"
    />
  )
}

function CreateApplication({ onClose }: { readonly onClose: () => void }) {
  const readAgain = useReadAgain()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const submit = async () => {
    const { id } = await createApplication(name)
    await readAgain(['directory', 'applications'])
    await navigate({ to: '/applications/$id', params: { id } })
  }
  return (
    <FormDialog title={view.create} action={view.create} isReady={name !== ''} onSubmit={submit} onClose={onClose}>
      <Text>{view.hint}</Text>
      <Field label={words.name} required>
        <Input value={name} onChange={(_event, { value }) => setName(value)} />
      </Field>
    </FormDialog>
  )
}
