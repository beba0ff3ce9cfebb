import { Field, Input, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { createUser } from '../../api/directory.ts'
import type { GraphNewOneTimeLink, GraphUser } from '../../api/graph-types.ts'
import { useReadAgain } from '../../api/queries.ts'
import { createOneTimeLink } from '../../api/sign-ins.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { LifetimeField, NewLink, usualLifetime } from '../../components/identities/one-time-link.tsx'
import { randomPassword } from '../../components/identities/random-password.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'

const view = identitiesTexts.peopleView

/** Adds a person, who chooses a password with a link. */
export function CreatePerson({ onClose }: { readonly onClose: () => void }) {
  const readAgain = useReadAgain()
  const [displayName, setDisplayName] = useState('')
  const [userPrincipalName, setUserName] = useState('')
  const [lifetimeInMinutes, setLifetime] = useState<number>(usualLifetime)
  const [created, setCreated] = useState<GraphUser>()
  const [link, setLink] = useState<GraphNewOneTimeLink>()
  const submit = async () => {
    // After a failure between the two requests, the person exists already.
    const person = created ?? (await createUser({ displayName, userPrincipalName, password: randomPassword() }))
    setCreated(person)
    await readAgain(['directory', 'users'])
    setLink(await createOneTimeLink(person.id, { lifetimeInMinutes }))
  }
  return (
    <FormDialog
      title={link === undefined ? view.create : view.createdTitle}
      action={view.create}
      isReady={displayName !== '' && userPrincipalName !== ''}
      onSubmit={submit}
      onClose={onClose}
      secret={
        created &&
        link && (
          <>
            <NewLink link={link} userName={created.userPrincipalName} />
            <AppLink to="/people/$id" params={{ id: created.id }}>
              {view.open}
            </AppLink>
          </>
        )
      }
    >
      <Text>{view.hint}</Text>
      <Field label={words.name} required>
        <Input
          value={displayName}
          disabled={created !== undefined}
          onChange={(_event, { value }) => setDisplayName(value)}
        />
      </Field>
      <Field label={words.userName} hint={view.userNameHint} required>
        <Input
          value={userPrincipalName}
          disabled={created !== undefined}
          onChange={(_event, { value }) => setUserName(value.trim())}
          spellCheck={false}
          autoCapitalize="none"
        />
      </Field>
      <LifetimeField minutes={lifetimeInMinutes} onChange={setLifetime} />
    </FormDialog>
  )
}
