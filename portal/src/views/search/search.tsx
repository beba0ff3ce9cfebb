import { Text } from '@fluentui/react-components'
import type { UseQueryResult } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { FoundPrincipal } from '../../api/attention.ts'
import type { Registry } from '../../api/registry-document.ts'
import type { ContentSearch, FoundContent } from '../../api/types.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { Digest } from '../../components/registries/digest.tsx'
import { useRegistries } from '../../components/registries/use-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { words } from '../../components/texts/words.ts'
import { ManifestLink } from '../repositories/manifest-link.tsx'
import { parseQuery, principalTextOf } from './query.ts'
import { SearchForm } from './search-form.tsx'
import { useFoundContent, useFoundPrincipals } from './use-search.ts'

const view = imagesTexts.search

/** What is found for a text, by kind. */
export function Search() {
  const { q = '' } = useSearch({ from: '/shell/search' })
  const text = parseQuery(q)
  return (
    <Page title={q === '' ? words.search : view.title(q)}>
      <SearchForm key={q} initial={q} />
      {text === undefined ? <Text>{view.short}</Text> : <Results text={text} />}
    </Page>
  )
}

function Results({ text }: { readonly text: string }) {
  const registries = useRegistries()
  const content = useFoundContent(text)
  const principals = useFoundPrincipals(text)
  const subscription = registries.data?.[0]?.id.split('/')[2]
  return (
    <>
      <Part title={view.images} query={content}>
        {({ value }) => <ImageTable images={value.filter(({ kind }) => kind !== 'repository')} />}
      </Part>
      <Part title={view.registries} query={registries}>
        {(found) => (
          <RegistryTable
            registries={found.filter(({ name, properties }) =>
              [name, properties.loginServer].some((each) => each.toLowerCase().includes(text.toLowerCase())),
            )}
          />
        )}
      </Part>
      <Part title={view.repositories} query={content}>
        {(found) => (
          <>
            <RepositoryTable repositories={found.value.filter(({ kind }) => kind === 'repository')} />
            <Limits found={found} />
          </>
        )}
      </Part>
      {principalTextOf(text) !== undefined && (
        <Part title={view.principals} query={principals}>
          {(found) =>
            found === null ? <Text>{view.noPrincipals}</Text> : <PrincipalTable principals={found.flat()} />
          }
        </Part>
      )}
      {subscription !== undefined && <CommandLine text={commandOf(subscription, text)} />}
    </>
  )
}

function commandOf(subscription: string, text: string): string {
  const path = `/subscriptions/${subscription}/providers/Acrux.Server/content?api-version=2023-07-01`
  return `az rest --url "${path}&text=${encodeURIComponent(text)}"`
}

type PartProps<Found> = {
  readonly title: string
  readonly query: UseQueryResult<Found>
  readonly children: (found: Found) => ReactNode
}

function Part<Found>({ title, query, children }: PartProps<Found>) {
  return (
    <Section title={title}>
      <Loaded query={query}>{children}</Loaded>
    </Section>
  )
}

/** What the search does not show. */
function Limits({ found: { value, isIncomplete, notSearched } }: { readonly found: ContentSearch }) {
  return (
    <>
      {isIncomplete && <Text>{value.length === 0 ? view.maybeMissed : view.maybeMore}</Text>}
      {notSearched.length > 0 && <Text>{view.notSearched(notSearched.join(', '))}</Text>}
    </>
  )
}

function RegistryTable({ registries }: { readonly registries: readonly Registry[] }) {
  return (
    <Table
      isWrapped
      label={view.registries}
      empty={view.nothing}
      rows={registries}
      keyOf={({ id }) => id}
      columns={[
        {
          title: words.name,
          cell: ({ name }) => (
            <AppLink to="/r/$registry" params={{ registry: name }}>
              {name}
            </AppLink>
          ),
        },
      ]}
    />
  )
}

function ImageTable({ images }: { readonly images: readonly FoundContent[] }) {
  return (
    <Table
      isWrapped
      label={view.images}
      empty={view.nothing}
      rows={images}
      keyOf={({ registry, repository, tag, digest }) => `${registry}/${repository} ${tag ?? ''} ${digest ?? ''}`}
      columns={[
        {
          title: view.image,
          cell: ({ registryName, repository, tag, digest = '' }) => (
            <ManifestLink registry={registryName} repository={repository} reference={tag ?? digest} />
          ),
        },
        { title: words.digest, cell: ({ digest = '' }) => <Digest digest={digest} /> },
        { title: words.repository, cell: (place) => <RepositoryLink {...place} /> },
        { title: words.registry, cell: ({ registryName }) => registryName },
      ]}
    />
  )
}

function RepositoryTable({ repositories }: { readonly repositories: readonly FoundContent[] }) {
  return (
    <Table
      isWrapped
      label={view.repositories}
      empty={view.nothing}
      rows={repositories}
      keyOf={({ registry, repository }) => `${registry}/${repository}`}
      columns={[
        { title: words.repository, cell: (place) => <RepositoryLink {...place} /> },
        { title: words.registry, cell: ({ registryName }) => registryName },
      ]}
    />
  )
}

function RepositoryLink({ registryName, repository }: Pick<FoundContent, 'registryName' | 'repository'>) {
  return (
    <AppLink to="/r/$registry/repositories/$repository" params={{ registry: registryName, repository }}>
      {repository}
    </AppLink>
  )
}

function PrincipalTable({ principals }: { readonly principals: readonly FoundPrincipal[] }) {
  return (
    <Table
      isWrapped
      label={view.principals}
      empty={view.nothing}
      rows={principals}
      keyOf={({ id }) => id}
      columns={[
        { title: words.name, cell: ({ name }) => name },
        { title: words.kind, cell: ({ kind }) => view[kind] },
        { title: view.id, cell: ({ id }) => <code>{id}</code> },
      ]}
    />
  )
}
