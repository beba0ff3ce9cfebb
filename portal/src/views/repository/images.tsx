import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import type { ImageRow } from '../../api/images.ts'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { pullCommand } from '../../components/registries/pull-commands.ts'
import { useKeptDays } from '../../components/registries/use-kept-text.ts'
import { menuColumn } from '../../components/table/cells/row-menu.tsx'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { pushCommand } from '../registry/sign-in-commands.ts'
import { chosenImage } from './chosen.ts'
import { bulkOf } from './content-bulk.tsx'
import { effectOfDeletion } from './effect.ts'
import { imageColumns } from './image-columns.tsx'
import { ImageFilters } from './image-filters.tsx'
import { type RepositorySearch, imageQuestion, isFiltered, usualOrder } from './repository-search.ts'
import { useContentActions } from './use-content-actions.tsx'
import { type RepositoryPlace, useImages } from './use-repository.ts'

const view = repositoryTexts

type ImagesProps = {
  readonly place: RepositoryPlace
  readonly search: RepositorySearch
  readonly access: ReadonlySet<string>
  readonly tagCount: number
}

/** The images of a repository: one row per image, which its newest tag names. */
export function Images({ place, search, access, tagCount }: ImagesProps) {
  const { loginServer, repository } = place
  const { name: registry } = useAddressedRegistry()
  const [nowMs] = useState(Date.now)
  const query = useImages(place, imageQuestion(search, nowMs))
  const state = useAddressState()
  const keptDays = useKeptDays(loginServer)
  const actions = useContentActions({ place, access, areTags: false })
  const pages = query.data?.pages
  const rows = pages?.flatMap(({ items }) => items)
  const count = pages?.[0]?.count
  const columns = [
    ...imageColumns({ registry, repository }),
    menuColumn<ImageRow>(
      (row) => view.actionsOf(chosenImage(row).name),
      (row) => actions.ofRow(chosenImage(row)),
    ),
  ]
  return (
    <>
      <ImageFilters
        search={search}
        columns={columns}
        state={state}
        pushers={pushersOf(rows ?? [])}
        reason={actions.addTagReason}
        onAddTag={() => actions.addTag(undefined)}
      />
      <Table
        isMain
        isSortedByServer
        label={view.tabs.images}
        columns={columns}
        rows={rows}
        keyOf={({ digest }) => digest}
        query={query}
        count={count}
        state={state}
        usualSort={usualOrder}
        arrangement={JSON.stringify([imageQuestion(search, nowMs), query.isPlaceholderData])}
        status={<Status count={count} tagCount={isFiltered(search) ? undefined : tagCount} />}
        bulk={bulkOf<ImageRow>({
          chosenOf: chosenImage,
          actions,
          effect: (chosen) => effectOfDeletion(chosen, keptDays, Date.now()),
        })}
        copyTextOf={(row) => pullCommand('docker', loginServer, repository, chosenImage(row).reference)}
        empty={isFiltered(search) ? view.noMatch : <Empty place={place} />}
      />
      {actions.dialog}
    </>
  )
}

/** The names of those who pushed, by id. */
function pushersOf(rows: readonly ImageRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows.flatMap(({ pushedBy }) => (pushedBy === undefined ? [] : [[pushedBy.id, pushedBy.name]])),
  )
}

type StatusProps = { readonly count: number | undefined; readonly tagCount: number | undefined }

function Status({ count, tagCount }: StatusProps) {
  const counts = [
    ...(count === undefined ? [] : [view.status.images(count)]),
    ...(tagCount === undefined ? [] : [view.status.tags(tagCount)]),
  ].join(', ')
  return [counts, view.status.size].filter((part) => part !== '').join(' · ')
}

function Empty({ place: { loginServer, repository } }: { readonly place: RepositoryPlace }) {
  return (
    <>
      <Text>{view.noImages}</Text>
      <CopyText label={view.noImages} text={pushCommand('docker', loginServer, `${repository}:1`)} />
    </>
  )
}
