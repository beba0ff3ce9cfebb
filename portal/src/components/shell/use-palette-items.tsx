import { FlashRegular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import type { Abilities } from '../../api/abilities.ts'
import { findPrincipals } from '../../api/attention.ts'
import { searchContent } from '../../api/content-search.ts'
import { orHidden } from '../../api/or-hidden.ts'
import { useRead } from '../../api/queries.ts'
import type { FoundContent } from '../../api/types.ts'
import type { NamedRegistry } from '../../api/use-session.ts'
import { useShownActions } from '../elements/page-actions.ts'
import { maxValueLength } from '../elements/search-params.ts'
import type { PaletteItem } from './palette-item.ts'
import {
  type PaletteContext,
  imageItem,
  pageItems,
  principalItem,
  repositoryActions,
  repositoryItem,
} from './palette-makers.tsx'
import { type PaletteQuery, bestMatches, matchParts } from './palette-query.ts'
import { loadedRepositories } from './recent-repositories.ts'

const delayMs = 150
const minLength = 2
const maxShown = 6

/** The text, once the person has stopped typing for a moment. */
function useDelayed(text: string): string {
  const [delayed, setDelayed] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setDelayed(text), delayMs)
    return () => clearTimeout(timer)
  }, [text])
  return delayed
}

type PaletteOptions = {
  readonly query: PaletteQuery
  /** The registry of the navigation. */
  readonly registry: NamedRegistry | undefined
  /** Whether only this registry is searched. */
  readonly isLimited: boolean
  readonly abilities: Abilities | undefined
}

/** What the palette shows for a text: what is here already at once, and what the server finds later. */
export function usePaletteItems({ query, registry, isLimited, abilities }: PaletteOptions) {
  const context = { navigate: useNavigate(), current: registry, abilities }
  const { content, principals, isSearching } = useFound(query, isLimited ? registry : undefined)
  const found = content.data?.value ?? []
  const repositories = useRepositories(context, query, found)
  const pageActions = useShownActions().map(({ label, act }): PaletteItem => ({
    group: 'actions',
    key: label,
    icon: <FlashRegular />,
    label,
    open: act,
  }))
  const matches = ({ label }: PaletteItem) => matchParts(label, query.text) !== undefined
  const ofRepository = query.text === '' ? [] : repositoryActions(context, repositories[0])
  const pages = [...pageActions, ...pageItems(context)].filter(matches)
  const images = found.filter(({ kind }) => kind !== 'repository').map((each) => imageItem(context, each))
  const people = (principals.data ?? []).map((each) => principalItem(context, each)).slice(0, maxShown)
  const itemsOf: Readonly<Record<PaletteQuery['kind'], () => readonly PaletteItem[]>> = {
    all: () => [...repositories, ...images.slice(0, maxShown), ...people, ...ofRepository, ...pages],
    actions: () => pages,
    people: () => people,
    tags: () => images.slice(0, maxShown),
  }
  return {
    items: itemsOf[query.kind](),
    isSearching,
    isIncomplete: content.data?.isIncomplete === true || content.isError,
  }
}

/** The repositories that are here already, and those that the server found. */
function useRepositories(
  context: PaletteContext,
  { text }: PaletteQuery,
  found: readonly FoundContent[],
): readonly PaletteItem[] {
  const client = useQueryClient()
  const { current } = context
  const loaded = current === undefined ? [] : loadedRepositories(client, current.name, current.loginServer)
  const local = bestMatches(loaded, text, maxShown).flatMap((name) =>
    current === undefined ? [] : [repositoryItem(context, current, name)],
  )
  const remote = found
    .filter(({ kind }) => kind === 'repository')
    .map(({ registry, registryName, repository }) =>
      repositoryItem(context, { name: registryName, loginServer: registry }, repository),
    )
  const known = new Set(local.map(({ key }) => key))
  return [...local, ...remote.filter(({ key }) => !known.has(key))].slice(0, maxShown)
}

/** What the server finds for a text that is long enough. */
function useFound({ kind, text }: PaletteQuery, registry: NamedRegistry | undefined) {
  const delayed = useDelayed(text)
  const isLong = delayed.length >= minLength && delayed.length <= maxValueLength
  const wanted = registry === undefined ? delayed : `${registry.loginServer}/${delayed}`
  const content = useRead(
    ['search', 'content', wanted],
    isLong && (kind === 'all' || kind === 'tags') && ((signal) => searchContent(wanted, signal)),
  )
  const principals = useRead(
    ['palette', 'principals', delayed],
    isLong &&
      (kind === 'all' || kind === 'people') &&
      (async (signal) => {
        const kinds = ['user', 'group', 'servicePrincipal'] as const
        const lists = await orHidden(Promise.all(kinds.map((each) => findPrincipals(each, delayed, signal))))
        return lists?.flat() ?? []
      }),
  )
  return { content, principals, isSearching: text !== delayed || content.isLoading || principals.isLoading }
}
