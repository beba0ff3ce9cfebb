import { useQuery, useQueryClient } from '@tanstack/react-query'
import { listFederated, readApplication, readPrincipal } from '../../api/applications.ts'
import { readCredentialUses } from '../../api/credential-uses.ts'
import type { GraphApplication } from '../../api/graph-types.ts'

/** An application. */
export function useApplication(id: string) {
  return useQuery({ queryKey: ['application', id], queryFn: ({ signal }) => readApplication(id, signal) })
}

/** The service principal of an application; null if there is none. */
export function usePrincipal({ id, appId }: GraphApplication) {
  return useQuery({
    queryKey: ['application', id, 'principal'],
    queryFn: async ({ signal }) => (await readPrincipal(appId, signal)) ?? null,
  })
}

/** The tokens of other issuers that an application trusts. */
export function useFederated(id: string) {
  return useQuery({ queryKey: ['application', id, 'federated'], queryFn: ({ signal }) => listFederated(id, signal) })
}

/** When the secrets of an application were last used. It is read when the person asks. */
export function useSecretUses({ id, appId }: GraphApplication, isAsked: boolean) {
  return useQuery({
    queryKey: ['application', id, 'uses'],
    enabled: isAsked,
    queryFn: async ({ signal }) => {
      const principal = await readPrincipal(appId, signal)
      return principal === undefined ? new Map<string, string>() : readCredentialUses(principal.id, signal)
    },
  })
}

/** Reads an application again after a change. */
export function useChangedApplication(id: string): () => Promise<void> {
  const queries = useQueryClient()
  return async () => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ['application', id] }),
      queries.invalidateQueries({ queryKey: ['directory', 'applications'] }),
    ])
  }
}
