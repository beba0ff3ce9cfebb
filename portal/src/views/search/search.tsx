import { Text } from '@fluentui/react-components'
import type { UseQueryResult } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { FoundPrincipal } from '../../api/attention.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { imagesTexts } from '../../texts/images.ts'
import { useRegistries } from '../home/use-home.ts'
import { ManifestLink } from '../repository/manifest-link.tsx'
import { parseQuery } from './query.ts'
import { SearchForm } from './search-form.tsx'
import {
  type FoundImage,
  type FoundRepository,
  maxResults,
  useFoundImages,
  useFoundPrincipals,
  useFoundRepositories,
} from './use-search.ts'

const view = imagesTexts.search

/** What is found for a text, by kind. */
export function Search() {
  const { q = '' } = useSearch({ from: '/shell/search' })
  const query = parseQuery(q)
  const registries = useRegistries()
  const repositories = useFoundRepositories(registries.data, query?.isBareDigest === true ? undefined : query)
  const images = useFoundImages(registries.data, query)
  const principals = useFoundPrincipals(query, q.trim())
  return (
    <Page title={q === '' ? view.titleEmpty : view.title(q)}>
      <SearchForm key={q} initial={q} />
      {query === undefined && <Text>{view.short}</Text>}
      {query?.isBareDigest === true && <Text>{view.digestHint}</Text>}
      {query !== undefined && !query.isBareDigest && (
        <>
          {query.image !== undefined && (
            <Results title={view.images} query={images}>
              {(found) => <ImageTable images={found} />}
            </Results>
          )}
          <Section title={view.registries}>
            <Loaded query={registries}>
              {(found) => (
                <RegistryTable
                  registries={found
                    .map(({ properties }) => properties.loginServer)
                    .filter((loginServer) => loginServer.includes(query.text))}
                />
              )}
            </Loaded>
          </Section>
          <Results title={view.repositories} query={repositories}>
            {(found) => <RepositoryTable repositories={found} />}
          </Results>
          {query.image === undefined && (
            <Results title={view.principals} query={principals}>
              {(found) =>
                found === null ? <Text>{view.noPrincipals}</Text> : <PrincipalTable principals={found.flat()} />
              }
            </Results>
          )}
        </>
      )}
    </Page>
  )
}

type ResultsProps<Found> = {
  readonly title: string
  readonly query: UseQueryResult<Found>
  readonly children: (found: Found) => ReactNode
}

function Results<Found>({ title, query, children }: ResultsProps<Found>) {
  return (
    <Section title={title}>
      <Loaded query={query}>{children}</Loaded>
    </Section>
  )
}

function RegistryTable({ registries }: { readonly registries: readonly string[] }) {
  if (registries.length === 0) return <Text>{view.nothing}</Text>
  return (
    <DataTable
      label={view.registries}
      rows={registries}
      keyOf={(registry) => registry}
      columns={[
        {
          title: view.name,
          cell: (registry) => (
            <AppLink to="/registries/$registry" params={{ registry }}>
              {registry}
            </AppLink>
          ),
        },
      ]}
    />
  )
}

function ImageTable({ images }: { readonly images: readonly FoundImage[] }) {
  if (images.length === 0) return <Text>{view.nothing}</Text>
  return (
    <DataTable
      label={view.images}
      rows={images}
      keyOf={({ registry }) => registry}
      columns={[
        { title: texts.tags, cell: (image) => <ManifestLink {...image} /> },
        { title: imagesTexts.deleted.repository, cell: ({ repository }) => repository },
        { title: view.registry, cell: ({ registry }) => registry },
      ]}
    />
  )
}

function RepositoryTable({ repositories }: { readonly repositories: readonly FoundRepository[] }) {
  if (repositories.length === 0) return <Text>{view.nothing}</Text>
  return (
    <>
      <DataTable
        label={view.repositories}
        rows={repositories.slice(0, maxResults)}
        keyOf={({ registry, repository }) => `${registry}/${repository}`}
        columns={[
          {
            title: imagesTexts.deleted.repository,
            cell: (place) => (
              <AppLink to="/registries/$registry/repositories/$repository" params={place}>
                {place.repository}
              </AppLink>
            ),
          },
          { title: view.registry, cell: ({ registry }) => registry },
        ]}
      />
      {repositories.length > maxResults && <Text>{view.cut(maxResults)}</Text>}
    </>
  )
}

function PrincipalTable({ principals }: { readonly principals: readonly FoundPrincipal[] }) {
  if (principals.length === 0) return <Text>{view.nothing}</Text>
  return (
    <DataTable
      label={view.principals}
      rows={principals}
      keyOf={({ id }) => id}
      columns={[
        { title: view.name, cell: ({ name }) => name },
        { title: view.kind, cell: ({ kind }) => view[kind] },
        { title: view.id, cell: ({ id }) => <code>{id}</code> },
      ]}
    />
  )
}
