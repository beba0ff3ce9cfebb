import type { GraphUser } from '../../api/graph-types.ts'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { groupColumns } from '../../components/identities/group-columns.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { useGroupsOf } from './use-person.ts'

const view = identitiesTexts.person

/** The groups of a person. */
export function PersonGroups({ person }: { readonly person: GraphUser }) {
  const query = useGroupsOf(person.id)
  return (
    <Loaded query={query}>
      {(groups) => (
        <Table
          isWrapped
          label={view.groups}
          empty={view.noGroups}
          rows={groups}
          keyOf={({ id }) => id}
          columns={groupColumns}
        />
      )}
    </Loaded>
  )
}
