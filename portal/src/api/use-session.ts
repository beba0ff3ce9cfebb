import { ApiError, goToSignIn, readJson, send } from './client.ts'
import { useRead } from './queries.ts'

export type Session = {
  readonly person: { readonly objectId: string; readonly displayName: string; readonly userPrincipalName: string }
  readonly publicOrigin: string
  readonly authenticatedAt: string
  readonly expiresAt: string
  readonly hasSecondFactor: boolean
}

/** Who is signed in now. @throws ApiError */
export async function readSession(signal?: AbortSignal): Promise<Session> {
  return (await readJson<Session>('session', signal && { signal })).body
}

/** Who is signed in. Without a session, the browser goes to the sign-in page. */
export function useSession() {
  return useRead(
    ['session'],
    async (signal) => {
      try {
        return await readSession(signal)
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) {
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

/** Ends the session here or everywhere, then offers to end that of the identity provider. */
export async function signOut(everywhere: boolean): Promise<void> {
  await send(everywhere ? 'session/sign-out-everywhere' : 'session/sign-out', { method: 'POST' })
  location.assign('/sign-out')
}
