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

/** The registry with this login server, even if the user may not read its properties; null if there is none. @throws ApiError */
export async function findRegistry(
  loginServer: string,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly loginServer: string } | null> {
  const query = new URLSearchParams({ loginServer }).toString()
  const { body } = await readJson<{
    readonly registry: { readonly name: string; readonly loginServer: string } | null
  }>(`session?${query}`, { signal })
  return body.registry
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
