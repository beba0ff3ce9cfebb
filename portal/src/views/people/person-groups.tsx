import type { GraphUser } from '../../api/graph-types.ts'
import { DataTable } from '../../components/elements/data-table.tsx'
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
        <DataTable
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
