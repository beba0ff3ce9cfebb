import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { deleteUser, enableUser } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { useSession } from '../../api/use-session.ts'
import { type Action, ActionBar } from '../../components/elements/action-bar.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { useOwnerReason } from '../../components/identities/use-directory-role.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { ChangeRole } from './change-role.tsx'
import { CreatePass } from './create-pass.tsx'
import { ResetPassword } from './reset-password.tsx'
import { useChangedPerson } from './use-person.ts'

const view = identitiesTexts.person

/** What an owner can do with a person. */
export function PersonActions({ person }: { readonly person: GraphUser }) {
  const { id } = person
  const [dialog, setDialog] = useState<'reset' | 'pass' | 'role'>()
  const [question, setQuestion] = useState<Question>()
  const { data: session } = useSession()
  const isSelf = session?.person.objectId === id
  const questions = useQuestions(person, isSelf)
  const ownerReason = useOwnerReason()
  const reason = isSelf ? view.ownHint : ownerReason
  const ask = (asked: Question, why = ownerReason): Action => ({
    label: asked.action,
    reason: why,
    act: () => setQuestion(asked),
  })
  const actions: readonly Action[] = [
    { label: view.reset, reason, act: () => setDialog('reset') },
    { label: view.pass, reason, act: () => setDialog('pass') },
    { label: view.changeRole, reason: ownerReason, act: () => setDialog('role') },
    ask(person.accountEnabled ? questions.disable : questions.enable),
    ask(questions.remove),
  ]
  const close = () => setDialog(undefined)
  return (
    <>
      <ActionBar actions={actions} />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
      {dialog === 'reset' && <ResetPassword person={person} onClose={close} />}
      {dialog === 'pass' && <CreatePass person={person} onClose={close} />}
      {dialog === 'role' && <ChangeRole person={person} onClose={close} />}
    </>
  )
}

function useQuestions({ id, userPrincipalName: name }: GraphUser, isSelf: boolean) {
  const changed = useChangedPerson(id)
  const navigate = useNavigate()
  const question = (action: string, text: string, act: () => Promise<void>): Question => ({
    title: identitiesTexts.ask(action, name),
    text: isSelf ? `${view.selfText} ${text}` : text,
    action,
    act,
  })
  return {
    disable: question(words.disable, view.disableText(name), () => enableUser(id, false).then(changed)),
    enable: question(words.enable, view.enableText(name), () => enableUser(id, true).then(changed)),
    remove: question(words.delete, view.deleteText(name), async () => {
      await deleteUser(id)
      await navigate({ to: '/people' })
      await changed()
    }),
  }
}
