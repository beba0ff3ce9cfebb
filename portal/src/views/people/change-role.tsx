import { Radio, RadioGroup } from '@fluentui/react-components'
import { useState } from 'react'
import { changeDirectoryRole } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { useDirectoryRoles } from '../../components/identities/use-directory-role.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedPerson } from './use-person.ts'

const view = identitiesTexts.person
const choices = ['none', 'reader', 'owner'] as const

type PersonDialogProps = { readonly person: GraphUser; readonly onClose: () => void }

/** Changes the role of a person on the directory. */
export function ChangeRole({ person, onClose }: PersonDialogProps) {
  const { data: roles } = useDirectoryRoles()
  const present = roles?.get(person.id)
  const [chosen, setChosen] = useState<(typeof choices)[number]>(present ?? 'none')
  const changed = useChangedPerson(person.id)
  const submit = async () => {
    const wanted = chosen === 'none' ? undefined : chosen
    if (wanted !== present) await changeDirectoryRole(person.id, present, wanted)
    await changed()
    onClose()
  }
  return (
    <FormDialog title={view.changeRole} action={words.save} onSubmit={submit} onClose={onClose}>
      <RadioGroup
        aria-label={view.role}
        value={chosen}
        onChange={(_event, { value }) => setChosen(choices.find((one) => one === value) ?? 'none')}
      >
        {choices.map((one) => (
          <Radio key={one} value={one} label={`${view.roles[one]}. ${view.roleHint[one]}`} />
        ))}
      </RadioGroup>
    </FormDialog>
  )
}
