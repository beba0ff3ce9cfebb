import { type DecisionRecord, type RecordedChange, failedBefore, withinLimit } from '../../authorization/index.ts'
import type { ClientSecretCheck } from '../../credentials/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import type { Registry } from '../../resources/index.ts'
import { nullGuid, parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import type { AcrTokenKind } from '../tokens/acr-token-claims.ts'
import type { PasswordCredentials } from '../tokens/authenticate-password.ts'
import { type AuditedCaller, type StandingContext, auditedCallerOf, auditedOwnerOf } from '../tokens/credential.ts'
import { type WorkloadTokenContext, checkWorkloadToken } from '../tokens/workload-token.ts'
import type { DenialExplanations } from './explain-denial.ts'
import type { ExplainRejectedAcrToken } from './rejected-acr-token.ts'
import {
  explainRejectedIdentityToken,
  presentedText,
  recordPresented,
  rejectionText,
} from './rejected-identity-token.ts'

/** The ACR tokens that the token endpoint accepts as passwords. */
const acceptedAsPassword = ['refresh_token', 'access_token'] as const

/** How many characters of the accepted audiences are recorded. */
const maxWantedLength = 500

/** A failed authentication: the claimed caller, and the first check that failed. */
export type FailedAuthentication = AuditedCaller & {
  readonly decision: DecisionRecord
  /** The explanation for the sender of a workload token. Undefined for other credentials, which are not explained. */
  readonly message?: string
}

/** Explains failed authentications for the decision log, and of them only workload tokens to the client. Called only on denial. */
export interface FailedAuthentications {
  /** Explains why an ACR token, of any of the accepted kinds, was rejected. */
  explainToken(kinds: readonly AcrTokenKind[], token: string, registry: Registry): Promise<FailedAuthentication>
  /** Explains why a bearer token was rejected at the data plane: an ACR access token, or a workload token. */
  explainBearer(token: string, registry: Registry): Promise<FailedAuthentication>
  /** Explains why a user name and password were rejected. Only the token endpoint accepts tokens as passwords. */
  explainPassword(
    credentials: PasswordCredentials,
    registry: Registry,
    options: { readonly acceptTokens: boolean },
  ): Promise<FailedAuthentication>
}

type FailureContext = StandingContext & {
  readonly identity: WorkloadTokenContext['identity'] & Pick<Identity, 'verifyAccessToken'>
  readonly clock: Clock
  readonly explanations: DenialExplanations
  readonly explainRejectedAcrToken: ExplainRejectedAcrToken
}

/** Creates the explanations. */
export function createFailedAuthentications(context: FailureContext): FailedAuthentications {
  const { explanations, explainRejectedAcrToken } = context

  const explainToken: FailedAuthentications['explainToken'] = async (kinds, token, registry) => {
    const { failure, credential, presented } = await explainRejectedAcrToken(kinds, token, registry)
    if (credential === undefined) return { ...claimed(''), decision: failedBefore(failure ?? 'invalid-credential') }
    const decision =
      failure === undefined ? await explanations.explainCredential(registry, credential) : failedBefore(failure)
    const shown = recordPresented(presented, failure === 'credential-is-expired')
    return { ...auditedCallerOf(credential, registry), decision: { ...decision, ...shown } }
  }

  return {
    explainToken,
    explainBearer: async (token, registry) =>
      (await explainWorkloadToken(context, registry, token, undefined)) ??
      explainToken(['access_token'], token, registry),
    explainPassword: async (credentials, registry, { acceptTokens }) => {
      const { username, password } = credentials
      const ofWorkload = await explainWorkloadToken(context, registry, password, username)
      if (ofWorkload !== undefined) return ofWorkload
      const isForToken = username === nullGuid
      const sender = isForToken && acceptTokens ? undefined : await senderOfAcrToken(context, password, registry)
      const owner = sender ?? (await senderOfAccessToken(context, password))
      if (owner !== undefined || (isForToken && !acceptTokens)) {
        const change = { kind: 'get-new-token', access: null } as const
        return { ...(owner ?? claimed(username)), decision: failedBefore('token-in-place-of-password', change) }
      }
      if (isForToken) return explainToken(acceptedAsPassword, password, registry)
      const [failure, kind] = await failureOfPassword(context, credentials, registry)
      return { ...claimed(username), decision: failedBefore(failure, { kind }) }
    },
  }
}

/** Explains a workload token with the user name that was sent, or undefined for a bearer token. Undefined for other texts. */
async function explainWorkloadToken(
  context: FailureContext,
  registry: Registry,
  token: string,
  username: string | undefined,
): Promise<FailedAuthentication | undefined> {
  const appId = parseGuid(username ?? nullGuid)
  if (appId === undefined) return undefined
  const check = await checkWorkloadToken(context, registry, token, appId === nullGuid ? undefined : appId)
  if (check === undefined || check.ok) return undefined
  const { denied, wantedAudiences } = check
  const explained = await explainRejectedIdentityToken(context.directory, denied)
  const wanted = wantedAudiences && { wantedAudience: withinLimit(wantedAudiences, maxWantedLength).join(', ') }
  const decision: DecisionRecord = {
    ...explained,
    ...(explained.presented && { presented: { ...explained.presented, ...wanted } }),
    // The token is for this registry, so a federated credential with its audience is missing.
    ...(denied.reason === 'audience' &&
      wanted === undefined && { smallestChange: { kind: 'add-federated-credential' } as const }),
  }
  const { owner } = denied
  const caller = owner === undefined ? claimed(username ?? '') : auditedOwnerOf(owner)
  const advice = 'send the client id of one application as the user name'
  return { ...caller, decision, message: `${rejectionText(denied.reason, advice)}${presentedText(decision)}` }
}

/**
 * The principal of a valid ACR token that was sent where only passwords are accepted. A name that is sent proves nothing,
 * but such a token does, and its principal may read the reason of the denial.
 */
async function senderOfAcrToken(
  { explainRejectedAcrToken }: FailureContext,
  text: string,
  registry: Registry,
): Promise<AuditedCaller | undefined> {
  const { failure, credential } = await explainRejectedAcrToken(acceptedAsPassword, text, registry)
  return failure === undefined && credential !== undefined ? auditedCallerOf(credential, registry) : undefined
}

/** The same for an access token of this provider. It has to be exchanged, whatever its audience is. */
async function senderOfAccessToken({ identity }: FailureContext, text: string): Promise<AuditedCaller | undefined> {
  const verdict = await identity.verifyAccessToken(text, ['acr', 'arm'])
  if (verdict.ok) {
    const { principal, credentialId } = verdict.identity
    return auditedOwnerOf({ kind: principal.kind, objectId: principal.objectId, credentialId })
  }
  // Of these denials, the signature, the issuer and the times were valid.
  const isGenuine = ['audience', 'principal', 'credential'].includes(verdict.reason)
  return isGenuine && verdict.owner !== undefined ? auditedOwnerOf(verdict.owner) : undefined
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
