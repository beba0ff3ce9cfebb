import type { TagProperties } from '../../api/content-types.ts'
import { useRestOfList } from '../../components/elements/rest-of-list.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { pullCommand } from '../../components/registries/pull-commands.ts'
import { menuColumn } from '../../components/table/cells/row-menu.tsx'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { chosenTag } from './chosen.ts'
import { bulkOf } from './content-bulk.tsx'
import { namesOf } from './effect.ts'
import { tagColumns } from './image-columns.tsx'
import { ImageFilters } from './image-filters.tsx'
import { type RepositorySearch, tagOrder, usualOrder } from './repository-search.ts'
import { useContentActions } from './use-content-actions.tsx'
import { type RepositoryPlace, useTags } from './use-repository.ts'

const view = repositoryTexts

type TagsProps = {
  readonly place: RepositoryPlace
  readonly search: RepositorySearch
  readonly access: ReadonlySet<string>
  readonly tagCount: number
}

/** The tags of a repository: one row per tag. */
export function Tags({ place, search, access, tagCount }: TagsProps) {
  const { loginServer, repository } = place
  const { filter = '' } = search
  const { name: registry } = useAddressedRegistry()
  const { sort, order } = tagOrder(search)
  const query = useTags(place, order)
  const isSearching = useRestOfList(query, filter !== '')
  const { sort: _sort, ...address } = useAddressState()
  const state = sort === undefined ? address : { ...address, sort }
  const actions = useContentActions({ place, access, areTags: true })
  const all = query.data?.pages.flatMap(({ items }) => items)
  const rows = all?.filter(({ name, digest }) => name.includes(filter) || digest.includes(filter))
  const columns = [
    ...tagColumns({ registry, repository }),
    menuColumn<TagProperties>(
      ({ name }) => view.actionsOf(name),
      (row) => actions.ofRow(chosenTag(row)),
    ),
  ]
  return (
    <>
      <ImageFilters
        search={search}
        columns={columns}
        state={state}
        pushers={{}}
        reason={actions.addTagReason}
        onAddTag={() => actions.addTag(undefined)}
      />
      <Table
        isMain
        isSortedByServer
        label={view.byTag}
        columns={columns}
        rows={rows}
        keyOf={({ name }) => name}
        query={query}
        count={filter === '' ? tagCount : undefined}
        state={state}
        usualSort={usualOrder}
        arrangement={`${order} ${filter}`}
        status={[view.status.tags(tagCount), view.status.size].join(' · ')}
        bulk={bulkOf<TagProperties>({ chosenOf: chosenTag, actions, effect: namesOf })}
        copyTextOf={({ name }) => pullCommand('docker', loginServer, repository, name)}
        {...(!isSearching && { empty: filter === '' ? view.noTags : view.noTagMatch })}
      />
      {actions.dialog}
    </>
  )
}
