import { Button, Field, Select, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { isDenial } from '../../api/or-hidden.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { ListFilter } from '../../components/elements/list-bar.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { LongTable } from '../../components/elements/long-table.tsx'
import { Page } from '../../components/elements/page.tsx'
import { useRestOfList } from '../../components/elements/rest-of-list.ts'
import { useRegistryName } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { OpenRepository } from './open-repository.tsx'
import { type RepositoriesSearch, parseRepositoriesSearch } from './repositories-search.ts'
import { RepositoryTree } from './repository-tree-view.tsx'
import { useRepositories } from './use-repositories.ts'

const view = texts.repositoriesView
const own = imagesTexts.repositories
const route = '/shell/registries/$registry/repositories'

const useStyles = makeStyles({
  tools: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalL },
})

/** How many pages of names are read before the person asks for all. */
const maxPagesAtFirst = 3

/** The repositories of a registry. */
export function Repositories() {
  const { registry } = useParams({ from: route })
  const search = useSearch({ from: route })
  const { filter = '', sort = 'name', show = 'list' } = search
  const query = useRepositories(registry)
  const name = useRegistryName(registry)
  const [isWhole, setWhole] = useState(false)
  const needsAll = sort === 'reversed' || show === 'tree'
  const pageCount = query.data?.pages.length ?? 0
  const isSearching = useRestOfList(query, filter !== '' || (needsAll && (isWhole || pageCount < maxPagesAtFirst)))
  return (
    <Page title={texts.repositories}>
      <OtherViews registry={registry} />
      {query.isError && isDenial(query.error) && <OpenRepository registry={registry} />}
      <Loaded query={query}>
        {({ pages }) => {
          const names = pages.flatMap(({ items }) => items)
          if (names.length === 0) return <Empty registry={registry} />
          const wanted = names.filter((each) => each.includes(filter.toLowerCase()))
          const sorted = sort === 'reversed' ? wanted.toReversed() : wanted
          return (
            <>
              <Tools registry={registry} search={search} />
              {isSearching && <Text role="status">{imagesTexts.searching}</Text>}
              {sorted.length === 0 && !isSearching && <Text>{view.noMatch}</Text>}
              {show === 'tree' ? (
                <RepositoryTree registry={registry} names={sorted} />
              ) : (
                <RepositoryTable registry={registry} names={sorted} query={query} />
              )}
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

function OtherViews({ registry }: { readonly registry: string }) {
  const styles = useStyles()
  return (
    <nav className={styles.tools} aria-label={own.tools}>
      <AppLink to="/registries/$registry/import" params={{ registry }}>
        {own.import}
      </AppLink>
      <AppLink to="/registries/$registry/deleted" params={{ registry }}>
        {own.deleted}
      </AppLink>
      <AppLink to="/registries/$registry/uploads" params={{ registry }}>
        {own.uploads}
      </AppLink>
    </nav>
  )
}

function Tools({ registry, search }: { readonly registry: string; readonly search: RepositoriesSearch }) {
  const styles = useStyles()
  const navigate = useNavigate()
  const change = (changed: { readonly [Name in keyof RepositoriesSearch]: string }) =>
    void navigate({
      to: '/registries/$registry/repositories',
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
  readonly registry: string
  readonly names: readonly string[]
  readonly query: ReturnType<typeof useRepositories>
}

function RepositoryTable({ registry, names, query }: RepositoryTableProps) {
  if (names.length === 0) return null
  return (
    <LongTable
      label={texts.repositories}
      rows={names}
      keyOf={(name) => name}
      query={query}
      columns={[
        {
          title: words.name,
          cell: (repository) => (
            <AppLink to="/registries/$registry/repositories/$repository" params={{ registry, repository }}>
              {repository}
            </AppLink>
          ),
        },
      ]}
    />
  )
}

function Empty({ registry }: { readonly registry: string }) {
  return (
    <>
      <Text>
        {view.empty} {view.emptyNext}
      </Text>
      <CopyText label={view.emptyNext} text={`docker push ${registry}/app:1`} />
    </>
  )
}
