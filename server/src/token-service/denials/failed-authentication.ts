import { type DecisionRecord, type RecordedChange, failedBefore } from '../../access/index.ts'
import type { ClientSecretCheck } from '../../credentials/index.ts'
import type { Registry } from '../../resources/index.ts'
import { nullGuid, parseGuid } from '../../standards/azure/guid.ts'
import type { AcrTokenKind } from '../tokens/acr-token-claims.ts'
import type { PasswordCredentials } from '../tokens/authenticate-password.ts'
import { type AuditedCaller, type StandingContext, auditedCallerOf } from '../tokens/credential.ts'
import type { DenialExplanations } from './explain-denial.ts'
import type { ExplainRejectedAcrToken } from './rejected-acr-token.ts'
import { recordPresented } from './rejected-identity-token.ts'

/** A failed authentication: the claimed caller, and the first check that failed. */
export type FailedAuthentication = AuditedCaller & { readonly decision: DecisionRecord }

/** Explains failed authentications for the decision log, never for the client. Called only on denial. */
export interface FailedAuthentications {
  /** Explains why an ACR token, of any of the accepted kinds, was rejected. */
  explainToken(kinds: readonly AcrTokenKind[], token: string, registry: Registry): Promise<FailedAuthentication>
  /** Explains why a user name and password were rejected. Only the token endpoint accepts tokens as passwords. */
  explainPassword(
    credentials: PasswordCredentials,
    registry: Registry,
    options: { readonly acceptTokens: boolean },
  ): Promise<FailedAuthentication>
}

type FailureContext = StandingContext & {
  readonly denials: DenialExplanations
  readonly explainRejectedAcrToken: ExplainRejectedAcrToken
}

/** Creates the explanations. */
export function createFailedAuthentications(context: FailureContext): FailedAuthentications {
  const { denials, explainRejectedAcrToken } = context

  const explainToken: FailedAuthentications['explainToken'] = async (kinds, token, registry) => {
    const { failure, credential, presented } = await explainRejectedAcrToken(kinds, token, registry)
    if (credential === undefined) return { ...claimed(''), decision: failedBefore(failure ?? 'invalid-credential') }
    const decision =
      failure === undefined ? await denials.explainCredential(registry, credential) : failedBefore(failure)
    const shown = recordPresented(presented, failure === 'credential-is-expired')
    return { ...auditedCallerOf(credential, registry), decision: { ...decision, ...shown } }
  }

  return {
    explainToken,
    explainPassword: async (credentials, registry, { acceptTokens }) => {
      const { username, password } = credentials
      if (username === nullGuid) {
        if (acceptTokens) return explainToken(['refresh_token', 'access_token'], password, registry)
        const change = { kind: 'get-new-token', access: null } as const
        return { ...claimed(username), decision: failedBefore('token-in-place-of-password', change) }
      }
      const [failure, kind] = await failureOfPassword(context, credentials, registry)
      return { ...claimed(username), decision: failedBefore(failure, { kind }) }
    },
  }
}

function claimed(username: string): AuditedCaller {
  return { actor: { kind: 'claimed', id: claimedName(username) } }
}

/**
 * The user name that was sent, unverified; undefined if it does not have the form of one, because some clients send a
 * secret instead.
 */
function claimedName(username: string): string {
  return /^[A-Za-z0-9-]{1,50}$/.test(username) ? username : ''
}

type PlainChange = Extract<
  RecordedChange['kind'],
  'sign-in-again' | 'enable-admin-account' | 'enable-scoped-token' | 'enable-principal'
>

/** Reads the user name in the same order as {@link authenticatePassword}. */
async function failureOfPassword(
  context: StandingContext,
  { username, password }: PasswordCredentials,
  registry: Registry,
): Promise<readonly [string, PlainChange]> {
  if (username.toLowerCase() === registry.name.toLowerCase())
    return registry.adminUserEnabled ? wrongPassword : ['admin-account-is-off', 'enable-admin-account']
  return parseGuid(username) === undefined
    ? failureOfScopedToken(await context.access.checkScopedTokenPassword(registry.rid, username, password))
    : failureOfSecret(await context.credentials.checkClientSecret(username.toLowerCase(), password))
}

const wrongPassword = ['wrong-password', 'sign-in-again'] as const
const unknownName = ['unknown-user-name', 'sign-in-again'] as const
const expired = ['credential-is-expired', 'sign-in-again'] as const

type ScopedTokenCheck = Awaited<ReturnType<StandingContext['access']['checkScopedTokenPassword']>>

function failureOfScopedToken(outcome: ScopedTokenCheck): readonly [string, PlainChange] {
  switch (outcome) {
    case 'unknown-name':
      return unknownName
    case 'disabled':
      return ['scoped-token-is-off', 'enable-scoped-token']
    case 'expired-password':
      return expired
    case 'wrong-password':
    case 'verified':
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
    case 'verified':
      return wrongPassword
  }
}
