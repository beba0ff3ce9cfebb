import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { type SignInMethod, isRemovable, removeMethod } from '../../api/directory.ts'
import type { GraphUser } from '../../api/graph-types.ts'
import { useSession } from '../../api/use-session.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { useOwnerReason } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { useChangedPerson, useMethods } from './use-person.ts'

const view = identitiesTexts.person

/** How a person signs in. */
export function PersonMethods({ person }: { readonly person: GraphUser }) {
  const query = useMethods(person.id)
  const { data: session } = useSession()
  return (
    <>
      <Loaded query={query}>{(methods) => <MethodTable person={person} methods={methods} />}</Loaded>
      <Text>{session?.person.objectId === person.id && <a href="/account/security">{texts.menu.myAccount}</a>}</Text>
    </>
  )
}

type MethodTableProps = { readonly person: GraphUser; readonly methods: readonly SignInMethod[] }

function MethodTable({ person, methods }: MethodTableProps) {
  const reason = useOwnerReason()
  const changed = useChangedPerson(person.id)
  const [question, setQuestion] = useState<Question>()
  if (methods.length === 0) return <Text>{view.none}</Text>
  const ask = (method: SignInMethod) =>
    setQuestion({
      title: view.removeMethod(nameOf(method)),
      text: view.removeMethodText,
      action: identitiesTexts.remove,
      act: () => removeMethod(person.id, method).then(changed),
    })
  return (
    <>
      <Table
        isWrapped
        label={view.methods}
        rows={methods}
        keyOf={({ id }) => id}
        columns={[
          { title: view.method, cell: nameOf },
          {
            title: words.created,
            cell: (method) =>
              'createdDateTime' in method && method.createdDateTime !== null
                ? formatTime(method.createdDateTime)
                : texts.unknown,
          },
          {
            title: words.actions,
            cell: (method) =>
              isRemovable(method) && (
                <ActionButton
                  size="small"
                  reason={reason}
                  aria-label={view.removeMethod(nameOf(method))}
                  onClick={() => ask(method)}
                >
                  {identitiesTexts.remove}
                </ActionButton>
              ),
          },
        ]}
      />
      {reason !== undefined && <Text size={200}>{reason}</Text>}
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
    </>
  )
}

function nameOf(method: SignInMethod): string {
  const name = view.methodNames[method['@odata.type']]
  if ('expirationDateTime' in method) return `${name}, ${view.validUntil(formatTime(method.expirationDateTime))}`
  return 'displayName' in method ? `${name}: ${method.displayName}` : name
}
