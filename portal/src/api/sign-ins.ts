import { readJson, send } from './client.ts'
import type { GraphNewOneTimeLink, GraphSignInSessions } from './graph-types.ts'

const userPath = (id: string) => `graph/users/${encodeURIComponent(id)}`

/** A sign-in of a person that has not ended. */
export type SignIn = GraphSignInSessions['value'][number]

/** The sign-ins of a person. */
export async function listSignIns(userId: string, signal: AbortSignal): Promise<readonly SignIn[]> {
  return (await readJson<GraphSignInSessions>(`${userPath(userId)}/signInSessions`, { signal })).body.value
}

/** Ends one sign-in of a person. */
export async function endSignIn(userId: string, signInId: string): Promise<void> {
  await send(`${userPath(userId)}/signInSessions/${signInId}`, { method: 'DELETE' })
}

/** Ends all sign-ins of a person. */
export async function endSignIns(userId: string): Promise<void> {
  await send(`${userPath(userId)}/revokeSignInSessions`, { method: 'POST' })
}

type LinkOptions = { readonly lifetimeInMinutes: number; readonly removeOtherMethods?: boolean }

/** Resets the password of a person, and creates the link with which the person chooses a new one. */
export async function createOneTimeLink(userId: string, options: LinkOptions): Promise<GraphNewOneTimeLink> {
  const path = `${userPath(userId)}/authentication/oneTimeLinks`
  return (await readJson<GraphNewOneTimeLink>(path, { method: 'POST', body: options })).body
}
