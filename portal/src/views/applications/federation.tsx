import { Text } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { deleteFederated } from '../../api/applications.ts'
import type { GraphApplication, GraphFederatedIdentityCredential } from '../../api/graph-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { actionColumn } from '../../components/table/action-column.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { useObjectOwnerReason } from '../../components/identities/use-directory-role.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { TestToken } from './test-token.tsx'
import { useChangedApplication, useFederated } from './use-application.ts'

const view = identitiesTexts.application

/** The tokens of other issuers that an application trusts. */
export function Federation({ application }: { readonly application: GraphApplication }) {
  const { id, appId } = application
  const query = useFederated(id)
  const reason = useObjectOwnerReason('applications', id)
  const changed = useChangedApplication(id)
  const navigate = useNavigate()
  const [question, setQuestion] = useState<Question>()
  const ask = ({ id: credentialId, name }: GraphFederatedIdentityCredential) =>
    setQuestion({
      title: view.deleteFederated(name),
      text: view.deleteFederatedText,
      action: identitiesTexts.remove,
      act: () => deleteFederated(id, credentialId).then(changed),
    })
  const create = () => void navigate({ to: '/applications/$id/federation', params: { id } })
  return (
    <>
      <Text>{view.federatedHint}</Text>
      <ActionBar actions={[{ label: view.newFederated, reason, isPrimary: true, act: create }]} />
      <Loaded query={query}>
        {(credentials) => <FederatedTable credentials={credentials} reason={reason} onDelete={ask} />}
      </Loaded>
      <TestToken id={id} reason={reason} />
      <CommandLine text={`az ad app federated-credential list --id ${appId}`} />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
    </>
  )
}

type FederatedTableProps = {
  readonly credentials: readonly GraphFederatedIdentityCredential[]
  readonly reason: string | undefined
  readonly onDelete: (credential: GraphFederatedIdentityCredential) => void
}

function FederatedTable({ credentials, reason, onDelete }: FederatedTableProps) {
  return (
    <Table
      isWrapped
      label={view.federation}
      empty={view.noFederated}
      rows={credentials}
      keyOf={({ id }) => id}
      columns={[
        { title: words.name, cell: ({ name }) => name },
        { title: words.issuer, cell: ({ issuer }) => issuer },
        {
          title: view.trusts,
          cell: (credential) => (
            <>
              <code>{credential.claimsMatchingExpression?.value ?? credential.subject}</code>
              {credential['@acrux.hint'] !== undefined && <p>{view.warning}</p>}
            </>
          ),
        },
        { title: words.audience, cell: ({ audiences }) => audiences.join(', ') },
        actionColumn({
          text: identitiesTexts.remove,
          label: (credential) => view.deleteFederated(credential.name),
          reason,
          act: onDelete,
        }),
      ]}
    />
  )
}
