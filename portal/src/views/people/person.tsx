import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { GraphObjectIdentity, GraphUser } from '../../api/graph-types.ts'
import { useSession } from '../../api/use-session.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { Tabs } from '../../components/elements/tabs.tsx'
import { GiveRole } from '../../components/identities/give-role.tsx'
import { EnabledBadge } from '../../components/identities/state-badge.tsx'
import { useDirectoryRoles } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { words } from '../../components/texts/words.ts'
import { PersonActions } from './person-actions.tsx'
import { PersonGroups } from './person-groups.tsx'
import { PersonMethods } from './person-methods.tsx'
import { PersonSignIns } from './person-sign-ins.tsx'
import { useExternalIdentities, usePerson } from './use-person.ts'

const view = identitiesTexts.person

/** The parts of the view of a person. */
const personParts = { overview: view.overview, methods: view.methods, signIns: view.signIns, groups: view.groups }

/** One person of the directory. */
export function Person() {
  const { id } = useParams({ from: '/shell/people/$id' })
  const { part = 'overview' } = useSearch({ from: '/shell/people/$id' })
  const navigate = useNavigate({ from: '/people/$id' })
  const query = usePerson(id)
  return (
    <Page title={query.data?.displayName ?? identitiesTexts.people}>
      <AppLink to="/people">{identitiesTexts.people}</AppLink>
      <Loaded query={query}>
        {(person) => (
          <>
            <Tabs
              tabs={personParts}
              selected={part}
              onSelect={(name) => void navigate({ search: name === 'overview' ? {} : { part: name } })}
            />
            {part === 'overview' && <Overview person={person} />}
            {part === 'methods' && <PersonMethods person={person} />}
            {part === 'signIns' && <PersonSignIns person={person} />}
            {part === 'groups' && <PersonGroups person={person} />}
            <CommandLine text={commandOf(part, person.id)} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function commandOf(part: keyof typeof personParts, id: string): string {
  const resource = `${location.origin}/graph`
  const read = (path: string) =>
    `az rest --method get --resource ${resource} --url ${resource}/v1.0/users/${id}/${path}`
  switch (part) {
    case 'overview':
      return `az ad user show --id ${id}`
    case 'methods':
      return read('authentication/methods')
    case 'signIns':
      return read('signInSessions')
    case 'groups':
      return `az ad user get-member-groups --id ${id}`
  }
}

function Overview({ person }: { readonly person: GraphUser }) {
  const { data: roles } = useDirectoryRoles()
  const role = roles?.get(person.id) ?? 'none'
  const identities = useExternalIdentities(person.id)
  const isSelf = useSession().data?.person.objectId === person.id
  return (
    <>
      <PersonActions person={person} />
      <GiveRole principal={person.id} />
      <Facts
        facts={[
          [words.userName, isSelf ? `${person.userPrincipalName} (${view.self})` : person.userPrincipalName],
          [words.objectId, <code key="id">{person.id}</code>],
          [words.created, formatTime(person.createdDateTime)],
          [words.state, <EnabledBadge key="state" isEnabled={person.accountEnabled} />],
          [view.role, `${view.roles[role]}. ${view.roleHint[role]}`],
        ]}
      />
      <Section title={view.identities}>
        <Loaded query={identities}>{(found) => <Identities identities={found} />}</Loaded>
      </Section>
    </>
  )
}

function Identities({ identities }: { readonly identities: readonly GraphObjectIdentity[] }) {
  return (
    <Table
      isWrapped
      label={view.identities}
      empty={view.noIdentities}
      rows={identities}
      keyOf={({ issuer, issuerAssignedId }) => `${issuer} ${issuerAssignedId}`}
      columns={[
        { title: words.issuer, cell: ({ issuer }) => issuer },
        { title: words.subject, cell: ({ issuerAssignedId }) => issuerAssignedId },
      ]}
    />
  )
}
