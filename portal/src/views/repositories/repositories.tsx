import { Button, Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { isDenial } from '../../api/or-hidden.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { ListFilter } from '../../components/elements/list-bar.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Table } from '../../components/table/table.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useRestOfList } from '../../components/elements/rest-of-list.ts'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { OpenRepository } from './open-repository.tsx'
import { type RepositoriesSearch, parseRepositoriesSearch } from './repositories-search.ts'
import { RepositoryTree } from './repository-tree-view.tsx'
import { useRepositories } from './use-repositories.ts'

const view = texts.repositoriesView
const own = imagesTexts.repositories
const route = '/shell/r/$registry/repositories'

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL },
})

/** How many pages of names are read before the person asks for all. */
const maxPagesAtFirst = 3

/** The repositories of a registry. */
export function Repositories() {
  const search = useSearch({ from: route })
  const { filter = '', sort = 'name', show = 'list' } = search
  const { name, loginServer } = useAddressedRegistry()
  const query = useRepositories(loginServer)
  const [isWhole, setWhole] = useState(false)
  const needsAll = sort === 'reversed' || show === 'tree'
  const pageCount = query.data?.pages.length ?? 0
  const isSearching = useRestOfList(query, filter !== '' || (needsAll && (isWhole || pageCount < maxPagesAtFirst)))
  return (
    <Page title={texts.repositories}>
      <OtherViews />
      {query.isError && isDenial(query.error) && <OpenRepository />}
      <Loaded query={query}>
        {({ pages }) => {
          const names = pages.flatMap(({ items }) => items)
          if (names.length === 0) return <Empty loginServer={loginServer} />
          const wanted = names.filter((each) => each.includes(filter.toLowerCase()))
          const sorted = sort === 'reversed' ? wanted.toReversed() : wanted
          return (
            <>
              <Tools search={search} />
              {isSearching && <Text role="status">{imagesTexts.searching}</Text>}
              {sorted.length === 0 && !isSearching && <Text>{view.noMatch}</Text>}
              {show === 'tree' ? <RepositoryTree names={sorted} /> : <RepositoryTable names={sorted} query={query} />}
              {needsAll && query.hasNextPage && !isSearching && (
                <div>
                  <Text>{own.cut(names.length)}</Text> <Button onClick={() => setWhole(true)}>{own.loadAll}</Button>
                </div>
              )}
              <CommandLine text={`acrux acr repository list --name ${name}`} />
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function OtherViews() {
  const { name: registry } = useAddressedRegistry()
  const styles = useStyles()
  return (
    <nav className={styles.tools} aria-label={own.tools}>
      <AppLink to="/r/$registry/import" params={{ registry }}>
        {own.import}
      </AppLink>
      <AppLink to="/r/$registry/deleted" params={{ registry }}>
        {own.deleted}
      </AppLink>
      <AppLink to="/r/$registry/uploads" params={{ registry }}>
        {own.uploads}
      </AppLink>
    </nav>
  )
}

function Tools({ search }: { readonly search: RepositoriesSearch }) {
  const { name: registry } = useAddressedRegistry()
  const styles = useStyles()
  const navigate = useNavigate()
  const change = (changed: { readonly [Name in keyof RepositoriesSearch]: string }) =>
    void navigate({
      to: '/r/$registry/repositories',
      params: { registry },
      search: parseRepositoriesSearch({ ...search, ...changed }),
      replace: true,
    })
  const { filter = '', sort = 'name', show = 'list' } = search
  return (
    <div className={styles.tools}>
      <ListFilter label={words.filter} filter={filter} onFilter={(text) => change({ filter: text })} />
      <Field label={imagesTexts.sort}>
        <Select value={sort} onChange={(_event, { value }) => change({ sort: value })}>
          <option value="name">{imagesTexts.byName}</option>
          <option value="reversed">{imagesTexts.byNameReversed}</option>
        </Select>
      </Field>
      <Field label={own.view}>
        <Select value={show} onChange={(_event, { value }) => change({ show: value })}>
          <option value="list">{own.list}</option>
          <option value="tree">{own.tree}</option>
        </Select>
      </Field>
    </div>
  )
}

type RepositoryTableProps = {
  readonly names: readonly string[]
  readonly query: ReturnType<typeof useRepositories>
}

function RepositoryTable({ names, query }: RepositoryTableProps) {
  const { name: registry } = useAddressedRegistry()
  if (names.length === 0) return null
  return (
    <Table
      isMain
      label={texts.repositories}
      rows={names}
      keyOf={(name) => name}
      query={query}
      columns={[
        {
          title: words.name,
          cell: (repository) => (
            <AppLink to="/r/$registry/repositories/$repository" params={{ registry, repository }}>
              {repository}
            </AppLink>
          ),
        },
      ]}
    />
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
