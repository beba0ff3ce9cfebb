import { Field, Input, Text } from '@fluentui/react-components'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { createUser } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { firstPassword } from '../../identities/first-password.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { ShownOnce } from '../../identities/shown-once.tsx'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { identitiesTexts } from '../../texts/identities.ts'

const view = identitiesTexts.peopleView

/** Adds a person, with a password for the first sign-in. */
export function CreatePerson({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient()
  const [displayName, setDisplayName] = useState('')
  const [userPrincipalName, setUserName] = useState('')
  const [password, setPassword] = useState(firstPassword)
  const [created, setCreated] = useState<GraphUser>()
  const submit = async () => {
    setCreated(await createUser({ displayName, userPrincipalName, password }))
    await queries.invalidateQueries({ queryKey: ['directory', 'users'] })
  }
  return (
    <FormDialog
      title={created === undefined ? view.create : view.createdTitle}
      action={view.create}
      isReady={displayName !== '' && userPrincipalName !== '' && password !== ''}
      onSubmit={submit}
      onClose={onClose}
      result={created && <Invitation person={created} password={password} />}
    >
      <Text>{view.hint}</Text>
      <Field label={identitiesTexts.name} required>
        <Input value={displayName} onChange={(_event, { value }) => setDisplayName(value)} />
      </Field>
      <Field label={identitiesTexts.userName} hint={view.userNameHint} required>
        <Input
          value={userPrincipalName}
          onChange={(_event, { value }) => setUserName(value.trim())}
          spellCheck={false}
          autoCapitalize="none"
        />
      </Field>
      <Field label={view.password} hint={view.passwordHint} required>
        <Input
          value={password}
          onChange={(_event, { value }) => setPassword(value)}
          autoComplete="off"
          spellCheck={false}
        />
      </Field>
    </FormDialog>
  )
}

function Invitation({ person, password }: { readonly person: GraphUser; readonly password: string }) {
  return (
    <ShownOnce label={view.password} secret={password}>
      <Text weight="semibold">{view.invitation}</Text>
      <CopyText label={view.invitation} text={view.invite(location.origin, person.userPrincipalName)} />
      <Text>{view.send}</Text>
      <AppLink to="/people/$id" params={{ id: person.id }}>
        {view.open}
      </AppLink>
    </ShownOnce>
  )
}
