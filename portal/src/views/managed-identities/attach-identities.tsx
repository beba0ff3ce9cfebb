import { Checkbox, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { attachIdentity } from '../../api/managed-identities.ts'
import type { Machine } from '../../api/managed-types.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedManaged, useIdentities } from './use-managed.ts'

const view = identitiesTexts.managedView

type AttachIdentitiesProps = { readonly machine: Machine; readonly onClose: () => void }

/** Attaches managed identities to a machine, and detaches them. */
export function AttachIdentities({ machine, onClose }: AttachIdentitiesProps) {
  const query = useIdentities()
  const identities = query.data?.resources ?? []
  const present = Object.keys(machine.identity.userAssignedIdentities ?? {}).map((id) => id.toLowerCase())
  const [chosen, setChosen] = useState<readonly string[]>(present)
  const changed = useChangedManaged()
  const submit = async () => {
    for (const { id } of identities) {
      const isChosen = chosen.includes(id.toLowerCase())
      if (isChosen !== present.includes(id.toLowerCase())) await attachIdentity(machine.id, id, isChosen)
    }
    await changed()
    onClose()
  }
  const choose = (id: string, isChosen: boolean) =>
    setChosen((before) => [...before.filter((one) => one !== id), ...(isChosen ? [id] : [])])
  return (
    <FormDialog
      title={view.attachTitle(machine.name)}
      action={words.save}
      isReady={identities.length > 0}
      onSubmit={submit}
      onClose={onClose}
    >
      <Loaded query={query}>
        {({ resources }) => (
          <>
            <Text>{resources.length === 0 ? view.emptyIdentities : view.attachText}</Text>
            {resources.map(({ id, name }) => (
              <Checkbox
                key={id}
                label={name}
                checked={chosen.includes(id.toLowerCase())}
                onChange={(_event, { checked }) => choose(id.toLowerCase(), checked === true)}
              />
            ))}
          </>
        )}
      </Loaded>
    </FormDialog>
  )
}
