import { type DecisionRecord, type RecordedChange, failedBefore } from '../access/index.ts'
import type { AuditEvent } from '../audit/index.ts'
import type { ClientSecretCheck } from '../credentials/index.ts'
import type { Registry } from '../resources/index.ts'
import { nullGuid, parseGuid } from '../standards/azure/guid.ts'
import type { AcrTokenKind } from './acr-token.ts'
import { type StandingRooms, provedBy } from './credential.ts'
import type { Decisions } from './decisions.ts'
import type { createDisbelief } from './disbelieved-token.ts'
import { recordPresented } from './unproved-token.ts'

/** What is written down of a credential that proved nobody: whom it claimed, and the check that failed first. */
export type Unproved = Pick<AuditEvent, 'actor' | 'credential'> & { readonly decision: DecisionRecord }

/**
 * Tells why a credential proved nobody, for whoever reads the decisions of the registry; whoever sent it is told nothing of
 * it. It is asked when somebody was refused, and never else.
 */
export interface UnprovedCredentials {
  /** Of an ACR token of one of these kinds. */
  ofToken(kinds: readonly AcrTokenKind[], token: string, registry: Registry): Promise<Unproved>
  /** Of a user name and a password; tokens are passwords at the token endpoint alone. */
  ofPassword(username: string, password: string, registry: Registry, acceptTokens: boolean): Promise<Unproved>
}

type Rooms = StandingRooms & {
  readonly decisions: Decisions
  readonly disbelief: ReturnType<typeof createDisbelief>
}

/** Opens the answers. */
export function createUnprovedCredentials(rooms: Rooms): UnprovedCredentials {
  const { decisions, disbelief } = rooms

  const ofToken: UnprovedCredentials['ofToken'] = async (kinds, token, registry) => {
    const { failure, credential, presented } = await disbelief(kinds, token, registry)
    if (credential === undefined) return { ...claimed(''), decision: failedBefore(failure ?? 'invalid-credential') }
    const decision = failure === undefined ? await decisions.ofCredential(registry, credential) : failedBefore(failure)
    const sent = recordPresented(presented, failure === 'credential-is-expired')
    return { ...provedBy(credential, registry), decision: { ...decision, ...sent } }
  }

  return {
    ofToken,
    ofPassword: async (username, password, registry, acceptTokens) => {
      if (username === nullGuid) {
        if (acceptTokens) return ofToken(['refresh_token', 'access_token'], password, registry)
        const change = { kind: 'get-new-token', access: null } as const
        return { ...claimed(username), decision: failedBefore('token-in-place-of-password', change) }
      }
      const [failure, kind] = await failureOfPassword(rooms, username, password, registry)
      return { ...claimed(username), decision: failedBefore(failure, { kind }) }
    },
  }
}

function claimed(username: string): Pick<AuditEvent, 'actor'> {
  return { actor: { kind: 'claimed', id: claimedName(username) } }
}

/** A name that nobody proved, if it could be one: people send a secret in its place. */
function claimedName(username: string): string {
  return /^[A-Za-z0-9-]{1,50}$/.test(username) ? username : ''
}

type PlainChange = Extract<
  RecordedChange['kind'],
  'sign-in-again' | 'enable-admin-account' | 'enable-scoped-token' | 'enable-principal'
>

/** In the order in which a name is read: see {@link provePassword}. */
async function failureOfPassword(
  rooms: StandingRooms,
  username: string,
  password: string,
  registry: Registry,
): Promise<readonly [string, PlainChange]> {
  if (username.toLowerCase() === registry.name.toLowerCase())
    return registry.adminUserEnabled ? wrongPassword : ['admin-account-is-off', 'enable-admin-account']
  return parseGuid(username) === undefined
    ? failureOfScopedToken(await rooms.access.checkScopedTokenPassword(registry.rid, username, password))
    : failureOfSecret(await rooms.credentials.checkClientSecret(username.toLowerCase(), password))
}

const wrongPassword = ['wrong-password', 'sign-in-again'] as const
const unknownName = ['unknown-user-name', 'sign-in-again'] as const
const expired = ['credential-is-expired', 'sign-in-again'] as const

type ScopedTokenCheck = Awaited<ReturnType<StandingRooms['access']['checkScopedTokenPassword']>>

function failureOfScopedToken(outcome: ScopedTokenCheck): readonly [string, PlainChange] {
  switch (outcome) {
    case 'unknown-name':
      return unknownName
    case 'disabled':
      return ['scoped-token-is-off', 'enable-scoped-token']
    case 'expired-password':
      return expired
    case 'wrong-password':
    case 'proved':
      return wrongPassword
  }
}

function failureOfSecret({ outcome }: ClientSecretCheck): readonly [string, PlainChange] {
  switch (outcome) {
    case 'unknown-application':
      return unknownName
    case 'expired-secret':
      return expired
    case 'disabled':
      return ['principal-is-disabled', 'enable-principal']
    case 'wrong-secret':
    case 'proved':
      return wrongPassword
  }
}
