import type { AllowedPrincipal } from '@acrux/shared/wire/api-types.ts'
import { Button, Text } from '@fluentui/react-components'
import { useState } from 'react'
import { listAllowed } from '../../api/access.ts'
import { listMembers } from '../../api/principals.ts'
import { useRead } from '../../api/queries.ts'
import type { Registry } from '../../api/registry-document.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Name } from '../../components/elements/name.tsx'
import { visibleName } from '../../components/texts/visible-name.ts'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { rightsTexts } from '../../components/texts/rights.ts'
import { texts as shared } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import type { AccessSearch } from './access-search.ts'
import { scopeText } from './describe.ts'
import { QuestionForm } from './question-form.tsx'

const texts = rightsTexts.who
/** How many rows are shown at first, and with each “Load more”. */
const pageSize = 100

type WhoCanProps = {
  readonly registry: Registry
  readonly search: AccessSearch
  readonly go: (search: AccessSearch) => void
}

/** Who may do something. */
export function WhoCan({ registry, search, go }: WhoCanProps) {
  const { action, repository } = search
  return (
    <Section title={rightsTexts.access.tabs.who}>
      <Text>{texts.about}</Text>
      <QuestionForm search={search} submit={texts.ask} onAsk={(question) => go({ tab: 'who', ...question })} />
      {action !== undefined && <Allowed registry={registry} action={action} repository={repository} />}
    </Section>
  )
}

type AllowedProps = {
  readonly registry: Registry
  readonly action: string
  readonly repository: string | undefined
}

function Allowed({ registry, action, repository }: AllowedProps) {
  const query = useRead(['allowed', registry.id, action, repository], (signal) =>
    listAllowed(registry.id, { action, repository }, signal),
  )
  return (
    <>
      <Loaded query={query}>
        {({ list, principals }) => (
          <>
            {list.anonymous && <Text>{texts.anonymous}.</Text>}
            {list.adminAccount && <Text>{texts.admin}.</Text>}
            <AllowedTable registry={registry} principals={principals} isEmpty={!list.anonymous && !list.adminAccount} />
          </>
        )}
      </Loaded>
      <CommandLine
        text={`acrux acr who ${action}${repository === undefined ? '' : ` ${repository}`} -n ${registry.name}`}
      />
    </>
  )
}

type AllowedTableProps = {
  readonly registry: Registry
  readonly principals: readonly AllowedPrincipal[]
  /** Whether no one else may do it. */
  readonly isEmpty: boolean
}

function AllowedTable({ registry, principals, isEmpty }: AllowedTableProps) {
  const [shown, setShown] = useState(pageSize)
  if (principals.length === 0) return isEmpty ? <Text>{texts.none}</Text> : null
  return (
    <>
      <Table
        isWrapped
        label={rightsTexts.access.tabs.who}
        rows={principals.slice(0, shown)}
        keyOf={({ principalId }) => principalId}
        columns={[
          {
            title: rightsTexts.access.principal,
            cell: ({ principalId, principalType, displayName }) => (
              <>
                <Name>{displayName ?? principalId}</Name>
                {principalType === 'Group' && <Members groupId={principalId} name={displayName ?? principalId} />}
              </>
            ),
          },
          {
            title: rightsTexts.access.type,
            cell: ({ principalType, status }) =>
              `${rightsTexts.types[principalType]}${status === 'disabled' ? ` (${texts.disabled})` : ''}`,
          },
          { title: texts.by, cell: (each) => reasonOf(each, registry.id) },
        ]}
      />
      {principals.length > shown && (
        <div>
          <Button onClick={() => setShown(shown + pageSize)}>{shared.loadMore}</Button>
        </div>
      )}
    </>
  )
}

function reasonOf({ assignments, scopeMapId }: AllowedPrincipal, registryId: string): string {
  if (scopeMapId !== undefined) return `${words.scopeMap} ${scopeMapId.split('/').at(-1) ?? ''}`
  return assignments.map(({ roleName, scope }) => `${roleName ?? ''} (${scopeText(scope, registryId)})`).join(', ')
}

function Members({ groupId, name }: { readonly groupId: string; readonly name: string }) {
  const [isOpen, setOpen] = useState(false)
  const query = useRead(['members', groupId], isOpen && ((signal) => listMembers(groupId, signal)))
  if (!isOpen) {
    return (
      <div>
        <Button
          size="small"
          appearance="subtle"
          aria-label={visibleName(`${texts.members}: ${name}`)}
          onClick={() => setOpen(true)}
        >
          {texts.members}
        </Button>
      </div>
    )
  }
  return (
    <Loaded query={query}>
      {(members) => (
        <ul>
          {members.map(({ id, name: member, detail }) => (
            <li key={id}>
              {member} {detail}
            </li>
          ))}
          {members.length === 0 && <li>{texts.noMembers}</li>}
        </ul>
      )}
    </Loaded>
  )
}
