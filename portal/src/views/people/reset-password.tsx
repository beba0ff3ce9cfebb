import { Checkbox, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { GraphNewOneTimeLink, GraphUser } from '../../api/graph-types.ts'
import { createOneTimeLink } from '../../api/sign-ins.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { LifetimeField, NewLink, usualLifetime } from '../../components/identities/one-time-link.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { useChangedPerson } from './use-person.ts'

const view = identitiesTexts.person

type PersonDialogProps = { readonly person: GraphUser; readonly onClose: () => void }

/** Resets the password of a person, who chooses a new one with a link. */
export function ResetPassword({ person, onClose }: PersonDialogProps) {
  const { id, userPrincipalName } = person
  const [removeOtherMethods, setRemovesOthers] = useState(false)
  const [lifetimeInMinutes, setLifetime] = useState<number>(usualLifetime)
  const [link, setLink] = useState<GraphNewOneTimeLink>()
  const changed = useChangedPerson(id)
  const submit = async () => {
    setLink(await createOneTimeLink(id, { lifetimeInMinutes, removeOtherMethods }))
    await changed()
  }
  return (
    <FormDialog
      title={link === undefined ? view.reset : view.resetDone}
      action={view.reset}
      onSubmit={submit}
      onClose={onClose}
      secret={link && <NewLink link={link} userName={userPrincipalName} />}
    >
      <Text>{view.resetText(userPrincipalName)}</Text>
      <LifetimeField minutes={lifetimeInMinutes} onChange={setLifetime} />
      <Checkbox
        label={view.removeOthers}
        checked={removeOtherMethods}
        onChange={(_event, { checked }) => setRemovesOthers(checked === true)}
      />
    </FormDialog>
  )
}
