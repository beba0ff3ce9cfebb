import { useQuery } from '@tanstack/react-query'
import { findPrincipals } from '../../api/attention.ts'
import { ApiError } from '../../api/client.ts'
import { isDenial, orHidden } from '../../api/or-hidden.ts'
import { listRepositories, readManifest } from '../../api/registry.ts'
import type { Registry } from '../../api/types.ts'
import type { SearchQuery } from './query.ts'

/** How many results of a kind are shown. */
export const maxResults = 50

const maxPages = 20
const maxRegistries = 10

export type FoundRepository = { readonly registry: string; readonly repository: string }
export type FoundImage = FoundRepository & { readonly reference: string }

/** The repositories whose names contain the text, in the registries that the person may see. */
export function useFoundRepositories(registries: readonly Registry[] | undefined, query: SearchQuery | undefined) {
  return useQuery({
    queryKey: ['search', 'repositories', query?.text],
    enabled: registries !== undefined && query !== undefined,
    queryFn: async ({ signal }) => {
      const text = query?.image?.repository ?? query?.text ?? ''
      const lists = loginServers(registries).map(async (registry) => {
        const names = (await orHidden(allRepositories(registry, signal))) ?? []
        return names.filter((name) => name.includes(text)).map((repository) => ({ registry, repository }))
      })
      return (await Promise.all(lists)).flat()
    },
  })
}

/** The images that the text names as repository and tag or digest. */
export function useFoundImages(registries: readonly Registry[] | undefined, query: SearchQuery | undefined) {
  return useQuery({
    queryKey: ['search', 'images', query?.text],
    enabled: registries !== undefined && query?.image !== undefined,
    queryFn: async ({ signal }) => {
      const { repository = '', reference = '' } = query?.image ?? {}
      const found = loginServers(registries).map(async (registry): Promise<readonly FoundImage[]> => {
        try {
          await readManifest(registry, repository, reference, signal)
          return [{ registry, repository, reference }]
        } catch (error) {
          if (isDenial(error) || (error instanceof ApiError && error.status === 404)) return []
          throw error
        }
      })
      return (await Promise.all(found)).flat()
    },
  })
}

/** The people, groups and applications whose names begin with the text. Null: the person may not search for them. */
export function useFoundPrincipals(query: SearchQuery | undefined, typed: string) {
  return useQuery({
    queryKey: ['search', 'principals', typed],
    enabled: query !== undefined && query.image === undefined && !query.isBareDigest,
    queryFn: ({ signal }) =>
      orHidden(
        Promise.all(
          (['user', 'group', 'servicePrincipal'] as const).map((kind) => findPrincipals(kind, typed, signal)),
        ),
      ),
  })
}

const loginServers = (registries: readonly Registry[] = []) =>
  registries.slice(0, maxRegistries).map(({ properties }) => properties.loginServer)

async function allRepositories(loginServer: string, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = []
  let last: string | undefined = ''
  for (let page = 0; page < maxPages && last !== undefined; page += 1) {
    const read: Awaited<ReturnType<typeof listRepositories>> = await listRepositories(loginServer, last, signal)
    found.push(...read.items)
    last = read.last
  }
  return found
}
