import { Checkbox, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { resetPassword } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { firstPassword } from '../../identities/first-password.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { ShownOnce } from '../../identities/shown-once.tsx'
import { identitiesTexts } from '../../texts/identities.ts'
import { useChangedPerson } from './use-person.ts'

const view = identitiesTexts.person

type PersonDialogProps = { readonly person: GraphUser; readonly onClose: () => void }

/** Gives a person a password for one sign-in. */
export function ResetPassword({ person, onClose }: PersonDialogProps) {
  const [removesOthers, setRemovesOthers] = useState(false)
  const [password] = useState(firstPassword)
  const [isDone, setDone] = useState(false)
  const changed = useChangedPerson(person.id)
  const submit = async () => {
    await resetPassword(person.id, password, removesOthers)
    setDone(true)
    await changed()
  }
  return (
    <FormDialog
      title={isDone ? view.resetDone : view.reset}
      action={view.reset}
      onSubmit={submit}
      onClose={onClose}
      result={isDone ? <ShownOnce label={identitiesTexts.peopleView.password} secret={password} /> : undefined}
    >
      <Text>{view.resetText(person.userPrincipalName)}</Text>
      <Checkbox
        label={view.removeOthers}
        checked={removesOthers}
        onChange={(_event, { checked }) => setRemovesOthers(checked === true)}
      />
    </FormDialog>
  )
}
