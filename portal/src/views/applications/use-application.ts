import { listFederated, readApplication, readPrincipal } from '../../api/applications.ts'
import { readCredentialUses } from '../../api/credential-uses.ts'
import type { GraphApplication } from '../../api/graph-types.ts'
import { useRead, useReadAgain } from '../../api/queries.ts'

/** An application. */
export function useApplication(id: string) {
  return useRead(['application', id], (signal) => readApplication(id, signal))
}

/** The service principal of an application; null if there is none. */
export function usePrincipal({ id, appId }: GraphApplication) {
  return useRead(['application', id, 'principal'], async (signal) => (await readPrincipal(appId, signal)) ?? null)
}

/** The tokens of other issuers that an application trusts. */
export function useFederated(id: string) {
  return useRead(['application', id, 'federated'], (signal) => listFederated(id, signal))
}

/** When the secrets of an application were last used. It is read when the person asks. */
export function useSecretUses({ id, appId }: GraphApplication, isAsked: boolean) {
  return useRead(
    ['application', id, 'uses'],
    isAsked &&
      (async (signal) => {
        const principal = await readPrincipal(appId, signal)
        return principal === undefined ? new Map<string, string>() : readCredentialUses(principal.id, signal)
      }),
  )
}

/** Reads an application again after a change. */
export function useChangedApplication(id: string): () => Promise<void> {
  const readAgain = useReadAgain()
  return () => readAgain(['application', id], ['directory', 'applications'])
}
