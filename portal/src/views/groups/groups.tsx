import { Field, Input } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { createGroup } from '../../api/directory.ts'
import type { GraphGroup } from '../../api/graph-types.ts'
import { useReadAgain } from '../../api/queries.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { DirectoryView } from '../../components/identities/directory-view.tsx'
import { groupColumns } from '../../components/identities/group-columns.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'

const view = identitiesTexts.groupsView

/** The groups of the directory. */
export function Groups() {
  return (
    <DirectoryView<GraphGroup>
      title={identitiesTexts.groups}
      collection="groups"
      empty={view.empty}
      columns={[...groupColumns, { title: words.created, cell: ({ createdDateTime }) => formatTime(createdDateTime) }]}
      create={view.create}
      form={(onClose) => <CreateGroup onClose={onClose} />}
      command="az ad group list --output table"
    />
  )
}

function CreateGroup({ onClose }: { readonly onClose: () => void }) {
  const readAgain = useReadAgain()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const submit = async () => {
    const { id } = await createGroup(name, description)
    await readAgain(['directory', 'groups'])
    await navigate({ to: '/groups/$id', params: { id } })
  }
  return (
    <FormDialog title={view.create} action={view.create} isReady={name !== ''} onSubmit={submit} onClose={onClose}>
      <Field label={words.name} required>
        <Input value={name} onChange={(_event, { value }) => setName(value)} />
      </Field>
      <Field label={words.description}>
        <Input value={description} onChange={(_event, { value }) => setDescription(value)} />
      </Field>
    </FormDialog>
  )
}
