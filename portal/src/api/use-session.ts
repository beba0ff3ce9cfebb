import { useQueryClient } from '@tanstack/react-query'
import { ApiError, goToSignIn, readJson, send, signedOutCode } from './client.ts'
import { useRead } from './queries.ts'
import { askToSignIn } from './sign-in-question.ts'

export type Session = {
  readonly person: { readonly objectId: string; readonly displayName: string; readonly userPrincipalName: string }
  readonly publicOrigin: string
  readonly authenticatedAt: string
  readonly expiresAt: string
  readonly hasSecondFactor: boolean
}

/** Who is signed in now. @throws ApiError */
export async function readSession(signal?: AbortSignal): Promise<Session> {
  return (await readJson<Session>('session', { failsSignedOut: true, ...(signal && { signal }) })).body
}

/** A registry, as its address and commands name it. */
export type NamedRegistry = { readonly name: string; readonly loginServer: string }

/** The registry with this name or login server, even if the user may not read its properties; null if there is none. @throws ApiError */
export async function findRegistry(
  by: { readonly registry: string } | { readonly loginServer: string },
  signal: AbortSignal,
): Promise<NamedRegistry | null> {
  const path = `session?${new URLSearchParams(by).toString()}`
  return (await readJson<{ readonly registry: NamedRegistry | null }>(path, { signal })).body.registry
}

/** Who is signed in. Without a session, the browser goes to the sign-in page. */
export function useSession() {
  const queries = useQueryClient()
  return useRead(
    ['session'],
    async (signal) => {
      try {
        return await readSession(signal)
      } catch (error) {
        if (error instanceof ApiError && error.code === signedOutCode) {
          // A page that is in use stays: the person signs in in another window, and nothing is lost.
          if (queries.getQueryData(['session']) !== undefined) {
            if (await askToSignIn('session-ended')) return await readSession(signal)
            throw error
          }
          goToSignIn()
          // The page stays as it is until the browser has left it.
          return new Promise<Session>(() => {})
        }
        throw error
      }
    },
    { staleTime: 5 * 60_000 },
  )
}

/** Ends the session here or everywhere, and the sign-in of this browser. */
export async function signOut(everywhere: boolean): Promise<void> {
  await send(everywhere ? 'session/sign-out-everywhere' : 'session/sign-out', { method: 'POST' })
  location.assign('/sign-out/done')
}
