import { useState } from 'react'
import { type ManagedList, deleteManaged } from '../../api/managed-identities.ts'
import type { Identity } from '../../api/managed-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { actionColumn } from '../../components/table/action-column.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { CreateManaged } from './create-managed.tsx'
import { groupOf } from './group-of.ts'
import { reasonAgainst, useChangedManaged, useIdentities } from './use-managed.ts'

const view = identitiesTexts.managedView

/** The managed identities that the person may see. */
export function IdentityList() {
  const query = useIdentities()
  return <Loaded query={query}>{(list) => <Identities list={list} />}</Loaded>
}

function Identities({ list }: { readonly list: ManagedList<Identity> }) {
  const [isCreating, setCreating] = useState(false)
  const [question, setQuestion] = useState<Question>()
  const changed = useChangedManaged()
  const action = (name: string) => reasonAgainst(list, `Microsoft.ManagedIdentity/userAssignedIdentities/${name}`)
  const ask = ({ id, name }: Identity) =>
    setQuestion({
      title: view.delete(name),
      text: view.deleteText(name),
      action: words.delete,
      act: () => deleteManaged('identity', id).then(changed),
    })
  return (
    <>
      <ActionBar actions={[{ label: view.createIdentity, reason: action('write'), act: () => setCreating(true) }]} />
      <IdentityTable identities={list.resources} reason={action('delete')} onDelete={ask} />
      {isCreating && list.subscriptionId !== undefined && (
        <CreateManaged kind="identity" subscriptionId={list.subscriptionId} onClose={() => setCreating(false)} />
      )}
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
    </>
  )
}

type IdentityTableProps = {
  readonly identities: readonly Identity[]
  readonly reason: string | undefined
  readonly onDelete: (identity: Identity) => void
}

function IdentityTable({ identities, reason, onDelete }: IdentityTableProps) {
  return (
    <Table
      isWrapped
      label={view.identities}
      empty={view.emptyIdentities}
      rows={identities}
      keyOf={({ id }) => id}
      columns={[
        { title: words.name, cell: ({ name }) => name },
        { title: words.resourceGroup, cell: ({ id }) => groupOf(id) },
        { title: words.clientId, cell: ({ properties }) => <code>{properties.clientId}</code> },
        { title: words.objectId, cell: ({ properties }) => <code>{properties.principalId}</code> },
        actionColumn({
          text: words.delete,
          label: (identity) => view.delete(identity.name),
          reason,
          act: onDelete,
        }),
      ]}
    />
  )
}
