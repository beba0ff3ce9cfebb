import { Button, Field, SearchBox, Text, makeStyles } from '@fluentui/react-components'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { AppLink } from '../../shell/app-link.tsx'
import { CopyText } from '../../shell/copy-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { useRegistryName } from '../registry/use-registry.ts'
import { useRepositories } from './use-repositories.ts'

const view = texts.repositoriesView
const route = '/shell/registries/$registry/repositories'

const useStyles = makeStyles({ filter: { maxWidth: '24rem' } })

/** The repositories of a registry. */
export function Repositories() {
  const styles = useStyles()
  const { registry } = useParams({ from: route })
  const { filter = '' } = useSearch({ from: route })
  const navigate = useNavigate()
  const query = useRepositories(registry)
  const name = useRegistryName(registry)
  const setFilter = (value: string) =>
    void navigate({
      to: '/registries/$registry/repositories',
      params: { registry },
      search: value === '' ? {} : { filter: value },
      replace: true,
    })
  return (
    <Page title={texts.repositories}>
      <Loaded query={query}>
        {({ pages }) => {
          const names = pages.flatMap(({ items }) => items)
          if (names.length === 0) return <Empty registry={registry} />
          return (
            <>
              <Field label={view.filter} className={styles.filter}>
                <SearchBox value={filter} onChange={(_event, { value }) => setFilter(value)} />
              </Field>
              <RepositoryTable registry={registry} names={names.filter((name) => name.includes(filter))} />
              {query.hasNextPage && (
                <div>
                  <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {texts.loadMore}
                  </Button>
                </div>
              )}
              <Section title={texts.commandLine}>
                <CopyText label={texts.commandLine} text={`acrux acr repository list --name ${name}`} />
              </Section>
            </>
          )
        }}
      </Loaded>
    </Page>
  )
}

function RepositoryTable({ registry, names }: { readonly registry: string; readonly names: readonly string[] }) {
  if (names.length === 0) return <Text>{view.noMatch}</Text>
  return (
    <DataTable
      label={texts.repositories}
      rows={names}
      keyOf={(name) => name}
      columns={[
        {
          title: view.name,
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
