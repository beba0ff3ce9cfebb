import { useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { type Member, deleteGroup, removeMember } from '../../api/directory.ts'
import type { GraphGroup } from '../../api/graph-types.ts'
import { isDenial } from '../../api/or-hidden.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { actionColumn } from '../../components/table/action-column.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import type { ListQuery } from '../../components/elements/list-query.ts'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { GiveRole } from '../../components/identities/give-role.tsx'
import { useObjectOwnerReason, useOwnerReason } from '../../components/identities/use-directory-role.ts'
import { formatTime } from '../../components/texts/format.ts'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { AddMembers } from './add-members.tsx'
import { useChangedGroup, useGroup, useMembers } from './use-group.ts'

const view = identitiesTexts.group

/** One group and its members. */
export function Group() {
  const { id } = useParams({ from: '/shell/groups/$id' })
  const query = useGroup(id)
  return (
    <Page title={query.data?.displayName ?? identitiesTexts.groups}>
      <AppLink to="/groups">{identitiesTexts.groups}</AppLink>
      <Loaded query={query}>{(group) => <GroupDetails group={group} />}</Loaded>
    </Page>
  )
}

function GroupDetails({ group }: { readonly group: GraphGroup }) {
  const { id, displayName } = group
  const reason = useOwnerReason()
  const changed = useChangedGroup(id)
  const navigate = useNavigate()
  const [question, setQuestion] = useState<Question>()
  const [isAdding, setAdding] = useState(false)
  const askDelete = () =>
    setQuestion({
      title: view.delete,
      text: view.deleteText(displayName),
      action: view.delete,
      act: async () => {
        await deleteGroup(id)
        await navigate({ to: '/groups' })
        await changed()
      },
    })
  const askRemove = (member: Member) =>
    setQuestion({
      title: view.removeOne(member.displayName),
      text: view.removeText(member.displayName),
      action: identitiesTexts.remove,
      act: () => removeMember(id, member.id).then(changed),
    })
  const memberReason = useMemberReason(id)
  return (
    <>
      <ActionBar
        actions={[
          { label: view.add, reason: memberReason, isPrimary: true, act: () => setAdding(true) },
          { label: view.delete, reason, act: askDelete },
        ]}
      />
      <GiveRole principal={id} />
      <Facts
        facts={[
          [words.description, group.description ?? texts.none],
          [words.objectId, <code key="id">{id}</code>],
          [words.created, formatTime(group.createdDateTime)],
        ]}
      />
      <Section title={view.members}>
        <Members id={id} reason={memberReason} onRemove={askRemove} />
      </Section>
      <CommandLine text={`az ad group member list --group ${id} --output table`} />
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
      {isAdding && <AddMembers groupId={id} onClose={() => setAdding(false)} />}
    </>
  )
}

/** Why the person may not change the members of a group. Who may not see them may not change them either. */
function useMemberReason(id: string): string | undefined {
  const reason = useObjectOwnerReason('groups', id)
  const { error } = useMembers(id)
  return isDenial(error) ? identitiesTexts.onlyGroupOwners : reason
}

type MembersProps = {
  readonly id: string
  readonly reason: string | undefined
  readonly onRemove: (member: Member) => void
}

function Members({ id, reason, onRemove }: MembersProps) {
  const query = useMembers(id)
  return (
    <Loaded query={query}>
      {({ pages }) => (
        <MemberTable members={pages.flatMap(({ items }) => items)} query={query} reason={reason} onRemove={onRemove} />
      )}
    </Loaded>
  )
}

type MemberTableProps = Omit<MembersProps, 'id'> & { readonly members: readonly Member[]; readonly query: ListQuery }

function MemberTable({ members, query, reason, onRemove }: MemberTableProps) {
  return (
    <Table
      isWrapped
      label={view.members}
      empty={view.empty}
      rows={members}
      query={query}
      keyOf={({ id }) => id}
      columns={[
        { title: words.name, cell: (member) => <MemberLink member={member} /> },
        { title: words.kind, cell: (member) => view.kinds[member['@odata.type']] },
        actionColumn({
          text: identitiesTexts.remove,
          label: (member) => view.removeOne(member.displayName),
          reason,
          act: onRemove,
        }),
      ]}
    />
  )
}

function MemberLink({ member }: { readonly member: Member }) {
  const { id, displayName } = member
  switch (member['@odata.type']) {
    case '#microsoft.graph.user':
      return (
        <AppLink to="/people/$id" params={{ id }}>
          {displayName}
        </AppLink>
      )
    case '#microsoft.graph.group':
      return (
        <AppLink to="/groups/$id" params={{ id }}>
          {displayName}
        </AppLink>
      )
    case '#microsoft.graph.servicePrincipal':
      return displayName
  }
}
