import { describeUserAgent } from '@acrux/shared/standards/http/user-agent.ts'
import { Button, Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { GraphUser } from '../../api/graph-types.ts'
import { type SignIn, endSignIn, endSignIns } from '../../api/sign-ins.ts'
import { useSession } from '../../api/use-session.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { StateBadge } from '../../components/identities/state-badge.tsx'
import { useOwnerReason } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedPerson, useSignIns } from './use-person.ts'

const view = identitiesTexts.person

/** Where a person is signed in. */
export function PersonSignIns({ person }: { readonly person: GraphUser }) {
  const reason = useOwnerReason()
  const { data: session } = useSession()
  const isSelf = session?.person.objectId === person.id
  const mayRead = reason === undefined || isSelf
  const query = useSignIns(person.id, mayRead)
  if (!mayRead) return <Text>{view.signInsHidden}</Text>
  return (
    <>
      <Text>{view.signInsHint}</Text>
      <Loaded query={query}>{(signIns) => <SignIns person={person} signIns={signIns} />}</Loaded>
    </>
  )
}

type SignInsProps = { readonly person: GraphUser; readonly signIns: readonly SignIn[] }

function SignIns({ person, signIns }: SignInsProps) {
  const changed = useChangedPerson(person.id)
  const [question, setQuestion] = useState<Question>()
  if (signIns.length === 0) return <Text>{view.noSignIns}</Text>
  const ask = (signIn: SignIn) =>
    setQuestion({
      title: view.endSignIn(nameOf(signIn)),
      text: view.endSignInText,
      action: view.end,
      act: () => endSignIn(person.id, signIn.id).then(changed),
    })
  const askAll = () =>
    setQuestion({
      title: view.endSignIns,
      text: view.endSignInsText(person.userPrincipalName),
      action: view.endSignIns,
      act: () => endSignIns(person.id).then(changed),
    })
  return (
    <>
      <ActionBar actions={[{ label: view.endSignIns, act: askAll }]} />
      <Table
        isWrapped
        label={view.signIns}
        rows={signIns}
        keyOf={({ id }) => id}
        columns={[
          { title: view.application, cell: nameOf },
          { title: view.device, cell: deviceOf },
          { title: view.signedIn, cell: signedInOf },
          { title: words.lastUsed, cell: ({ lastUsedDateTime }) => formatTime(lastUsedDateTime) },
          {
            title: words.actions,
            cell: (signIn) =>
              signIn.isCurrent ? (
                <StateBadge text={view.thisSignIn} color="success" />
              ) : (
                <Button size="small" aria-label={labelOf(signIn)} onClick={() => ask(signIn)}>
                  {view.end}
                </Button>
              ),
          },
        ]}
      />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
    </>
  )
}

const nameOf = ({ appDisplayName }: SignIn) => appDisplayName ?? view.deletedApplication

const labelOf = (signIn: SignIn) => `${view.endSignIn(nameOf(signIn))}, ${formatTime(signIn.createdDateTime)}`

function deviceOf({ userAgent, ipAddress }: SignIn): string {
  const parts = [describeUserAgent(userAgent ?? undefined), ipAddress ?? undefined].filter((part) => part !== undefined)
  return parts.length === 0 ? texts.unknown : parts.join(', ')
}

const signedInOf = ({ createdDateTime, authenticationMethods }: SignIn) =>
  `${formatTime(createdDateTime)}, ${methodNames(authenticationMethods)}`

/** `mfa` is omitted if the second factor itself is listed. */
function methodNames(methods: readonly string[]): string {
  const hasFactor = methods.some((method) => method === 'otp' || method === 'hwk')
  const shown = hasFactor ? methods.filter((method) => method !== 'mfa') : methods
  const names: Readonly<Record<string, string>> = view.amr
  return shown.map((method) => names[method] ?? method).join(' + ')
}
