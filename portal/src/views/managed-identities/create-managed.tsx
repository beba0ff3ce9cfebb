import { Field, Input } from '@fluentui/react-components'
import { useState } from 'react'
import { type ManagedKind, createManaged, managedId } from '../../api/managed-identities.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedManaged } from './use-managed.ts'

const view = identitiesTexts.managedView

type CreateManagedProps = {
  readonly kind: ManagedKind
  readonly subscriptionId: string
  readonly onClose: () => void
}

/** Creates a managed identity or a machine. */
export function CreateManaged({ kind, subscriptionId, onClose }: CreateManagedProps) {
  const [name, setName] = useState('')
  const [group, setGroup] = useState('default')
  const changed = useChangedManaged()
  const title = kind === 'machine' ? view.createMachine : view.createIdentity
  const submit = async () => {
    const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${encodeURIComponent(group)}`
    await createManaged(kind, managedId(kind, groupId, name), 'local')
    await changed()
    onClose()
  }
  return (
    <FormDialog title={title} action={title} isReady={name !== '' && group !== ''} onSubmit={submit} onClose={onClose}>
      <Field label={words.name} required>
        <Input value={name} spellCheck={false} onChange={(_event, { value }) => setName(value.trim())} />
      </Field>
      <Field label={words.resourceGroup} required>
        <Input value={group} spellCheck={false} onChange={(_event, { value }) => setGroup(value.trim())} />
      </Field>
    </FormDialog>
  )
}
