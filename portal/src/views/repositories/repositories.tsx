import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { AddRegular, ArrowImportRegular } from '@fluentui/react-icons'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { isDenial } from '../../api/or-hidden.ts'
import type { RepositoryPage, RepositoryRow } from '../../api/repositories.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useRestOfList } from '../../components/elements/rest-of-list.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import type { Bulk } from '../../components/table/bulk-bar.tsx'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { OpenRepository } from './open-repository.tsx'
import { PushDialog } from './push-dialog.tsx'
import { type RepositoriesSearch, questionOf, usualOrder } from './repositories-search.ts'
import { repositoryColumns } from './repository-columns.tsx'
import { RepositoryFilters } from './repository-filters.tsx'
import { RepositoryTabs } from '../../components/registries/repository-tabs.tsx'
import { RepositoryTree } from './repository-tree-view.tsx'
import { useRepositories } from './use-repositories.ts'

const view = texts.repositoriesView
const own = imagesTexts.repositories

const useStyles = makeStyles({
  list: { display: 'grid', rowGap: tokens.spacingVerticalS, gridTemplateColumns: 'minmax(0, 1fr)' },
  // On a phone, the icon is enough.
  action: { '@media (max-width: 720px)': { minWidth: 0 } },
  label: { '@media (max-width: 720px)': { display: 'none' } },
})

/** The repositories of a registry. */
export function Repositories() {
  const styles = useStyles()
  const search = useSearch({ from: '/shell/r/$registry/repositories' })
  const { name, loginServer } = useAddressedRegistry()
  const query = useRepositories(loginServer, questionOf(search, Date.now()))
  const state = useAddressState()
  const pages = query.data?.pages
  const rows = pages?.flatMap(({ items }) => items)
  const columns = repositoryColumns(name)
  const isDenied = query.isError && isDenial(query.error)
  const incomplete = pages?.find((page) => page.incomplete !== undefined)?.incomplete
  return (
    <Page title={texts.repositories} actions={<Actions />}>
      <div className={styles.list}>
        <RepositoryTabs selected="active" />
        <RepositoryFilters search={search} columns={columns} state={state} pushers={pushersOf(rows ?? [])} />
        {isDenied && <OpenRepository />}
        {incomplete !== undefined && <Text role="status">{incomplete}</Text>}
        {search.show === 'tree' ? (
          <Tree query={query} rows={rows ?? []} />
        ) : (
          <Table
            isMain
            isSortedByServer
            label={texts.repositories}
            columns={columns}
            rows={rows}
            keyOf={(row) => row.name}
            query={query}
            count={pages?.[0]?.count}
            state={state}
            usualSort={usualOrder}
            arrangement={arrangementOf(search, query.isPlaceholderData)}
            status={<Status pages={pages} />}
            bulk={bulk}
            empty={isFiltered(search) ? view.noMatch : <Empty loginServer={loginServer} />}
          />
        )}
      </div>
      <CommandLine text={`acrux acr repository list --name ${name}`} />
    </Page>
  )
}

const isFiltered = ({ filter, pushed, by, unused }: RepositoriesSearch) =>
  [filter, pushed, by, unused].some((value) => value !== undefined)

/** The rows of the question before are in another order than those of this one. */
const arrangementOf = ({ filter, pushed, by, unused }: RepositoriesSearch, isOld: boolean) =>
  JSON.stringify([filter, pushed, by, unused, isOld])

/** The names of those who pushed, by id. */
function pushersOf(rows: readonly RepositoryRow[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    rows.flatMap(({ pushedBy }) => (pushedBy === undefined ? [] : [[pushedBy.id, pushedBy.name]])),
  )
}

const bulk: Bulk<RepositoryRow> = {
  nameOf: ({ name }) => name,
  effect: (rows) => {
    const sum = (numberOf: (row: RepositoryRow) => number) => rows.reduce((total, row) => total + numberOf(row), 0)
    return own.effect(own.tagCount(sum(({ tagCount }) => tagCount)), sizeText(sum(({ size }) => size)))
  },
  actions: [
    {
      label: own.copyNames,
      act: (rows) => void navigator.clipboard.writeText(rows.map(({ name }) => name).join('\n')),
    },
  ],
}

function Status({ pages }: { readonly pages: readonly RepositoryPage[] | undefined }) {
  const { count, sizeBytes } = pages?.[0] ?? {}
  return [
    ...(count === undefined ? [] : [own.count(count)]),
    ...(sizeBytes === undefined ? [] : [sizeText(sizeBytes)]),
  ].join(' · ')
}

function Actions() {
  const styles = useStyles()
  const { name: registry } = useAddressedRegistry()
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button
        className={styles.action}
        icon={<ArrowImportRegular />}
        aria-label={own.import}
        onClick={() => void navigate({ to: '/r/$registry/import', params: { registry } })}
      >
        <span className={styles.label}>{own.import}</span>
      </Button>
      <Button
        className={styles.action}
        appearance="primary"
        icon={<AddRegular />}
        aria-label={own.push}
        onClick={() => setOpen(true)}
      >
        <span className={styles.label}>{own.push}</span>
      </Button>
      {isOpen && <PushDialog onClose={() => setOpen(false)} />}
    </>
  )
}

type TreeProps = { readonly query: ReturnType<typeof useRepositories>; readonly rows: readonly RepositoryRow[] }

/** How many pages are read for the tree before the person asks for all. */
const maxPagesAtFirst = 10

function Tree({ query, rows }: TreeProps) {
  const [isWhole, setWhole] = useState(false)
  const pageCount = query.data?.pages.length ?? 0
  const isReading = useRestOfList(query, isWhole || (pageCount > 0 && pageCount < maxPagesAtFirst))
  return (
    <>
      {isReading && <Text role="status">{imagesTexts.searching}</Text>}
      <RepositoryTree names={rows.map(({ name }) => name)} />
      {query.hasNextPage && !isReading && (
        <div>
          <Text>{own.cut(rows.length)}</Text> <Button onClick={() => setWhole(true)}>{own.loadAll}</Button>
        </div>
      )}
    </>
  )
}

function Empty({ loginServer }: { readonly loginServer: string }) {
  return (
    <>
      <Text>
        {view.empty} {view.emptyNext}
      </Text>
      <CopyText label={view.emptyNext} text={`docker push ${loginServer}/app:1`} />
    </>
  )
}
