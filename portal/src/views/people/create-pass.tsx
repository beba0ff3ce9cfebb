import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { createAccessPass } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { ShownOnce } from '../../components/identities/shown-once.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { useChangedPerson } from './use-person.ts'

const view = identitiesTexts.person

type PersonDialogProps = { readonly person: GraphUser; readonly onClose: () => void }

/** Creates the code with which a person sets up the first second factor. */
export function CreatePass({ person, onClose }: PersonDialogProps) {
  const [code, setCode] = useState<string>()
  const changed = useChangedPerson(person.id)
  const submit = async () => {
    setCode((await createAccessPass(person.id)).temporaryAccessPass)
    await changed()
  }
  return (
    <FormDialog
      title={code === undefined ? view.pass : view.passDone}
      action={view.pass}
      onSubmit={submit}
      onClose={onClose}
      secret={code === undefined ? undefined : <ShownOnce label={view.passLabel} secret={code} />}
    >
      <Text>{view.passText(person.userPrincipalName)}</Text>
    </FormDialog>
  )
}
