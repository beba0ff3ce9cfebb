import type { TokenIssuer } from '../harness/token-issuer.ts'
import type { People } from './fairness-people.ts'
import type { RunningServer } from '../harness/server.ts'

/** What the process that generates the load needs to know about the server. */
export type Reached = Pick<RunningServer, 'baseUrl' | 'caFile' | 'firstRun' | 'port'>

/** The connections of the expensive caller. */
export const connections = 16

/** Who sends the worst requests. */
export type Role = 'anonymous' | 'reader' | 'pusher' | 'account holder' | 'owner'

/** Who sends a form, by what the sign-in of the person asks for. */
export type Sender =
  | 'user'
  | 'user who adds an app'
  | 'user with a guessed password'
  | 'user with an app'
  | 'user with a passkey'
  | 'user with a temporary password'
  | 'owner without a second factor'

/** The objects that the requests name, and the callers. */
export interface Scene {
  readonly reached: Reached
  /** The value of `Authorization` of each role; none for `account holder` and `owner`. */
  readonly authorizations: Readonly<Partial<Record<Role, string>>>
  /** The credentials of the callers that the attack must not affect. */
  readonly victims: readonly string[]
  readonly person: { readonly userPrincipalName: string; readonly password: string }
  readonly people: People
  readonly armToken: string
  readonly graphToken: string
  readonly ownerBasic: string
  /** The cookies of an owner that is signed in to the portal. */
  readonly ownerCookie: string
  /** A JSON Web Token of the trusted issuer, whose header is replaced. */
  readonly assertion: ReturnType<TokenIssuer['token']>
  readonly appId: string
  readonly indexDigest: string
  readonly largeDigest: string
  readonly image: { readonly manifest: string; readonly mediaType: string; readonly blobs: readonly string[] }
}

/** The work of a process, until it is stopped or for a number of milliseconds. */
export type FairnessJob =
  | { readonly kind: 'attack'; readonly scene: Scene; readonly name: string; readonly role: Role }
  | { readonly kind: 'stop' }
  | { readonly kind: 'victims'; readonly scene: Scene; readonly milliseconds: number }

/** Milliseconds that answers took. */
export interface Latencies {
  readonly pull: readonly number[]
  readonly token: readonly number[]
}

/** What a process answers. */
export type FairnessReply =
  | { readonly kind: 'started' }
  | { readonly kind: 'attacked'; readonly requests: number; readonly statuses: Readonly<Record<string, number>> }
  | { readonly kind: 'measured'; readonly latencies: Latencies }
  | { readonly kind: 'failed'; readonly message: string }
