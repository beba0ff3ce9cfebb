import {
  type DecidedByToken,
  type DecisionRecord,
  type LeftOut,
  explainDenied,
  explainLeftOut,
  explainNoRole,
  failedBefore,
} from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Registry } from '../../resources/index.ts'
import type { AccessScope } from '@acrux/shared/standards/oauth/access-scope.ts'
import { type Credential, type StandingContext, failedCheck } from '../tokens/credential.ts'

/** Explains denials to authenticated callers, for the decision log. A thread that only reads leaves them to the main thread. */
export interface DenialExplanations {
  /** Explains the first of these actions that the caller may not carry out. */
  explainActions(decided: DecidedByToken, wanted: AccessScope): DecisionRecord | undefined
  /** Explains a token with less access than requested. */
  explainSmallerToken(decided: DecidedByToken, asked: readonly AccessScope[], given: readonly AccessScope[]): LeftOut
  /** Explains the denial to a principal without any role on a registry. */
  explainNoRole(decided: Omit<DecidedByToken, 'tokenAccess'>): DecisionRecord
  /** Explains why a credential is no longer valid. */
  explainCredential(registry: Registry, credential: Credential): Promise<DecisionRecord>
}

/** Creates the explanations: of rights by those that decided, and of credentials by the modules that know them. */
export function createDenialExplanations(context: StandingContext): DenialExplanations {
  return {
    explainActions: explainDenied,
    explainSmallerToken: explainLeftOut,
    explainNoRole,
    explainCredential: async (registry, credential) => {
      const [failure, change] = await failureOfCredential(context, registry, credential)
      return failedBefore(failure, { kind: change })
    },
  }
}

type CredentialChange =
  'sign-in-again' | 'enable-admin-account' | 'enable-scoped-token' | 'enable-principal' | 'sign-in'

/** The check of a credential that fails, and the change that fixes it. */
async function failureOfCredential(
  context: StandingContext,
  registry: Registry,
  credential: Credential,
): Promise<[string, CredentialChange]> {
  const failed = await failedCheck(context, registry, credential)
  switch (failed) {
    case 'admin-account-is-off':
      return [failed, 'enable-admin-account']
    case 'arm-tokens-are-rejected':
    case 'audience-is-not-accepted':
      return [failed, 'sign-in-again']
    case 'withdrawn':
    case undefined:
      return whyWithdrawn(context, registry, credential)
  }
}

async function whyWithdrawn(
  { access, directory }: StandingContext,
  { rid }: Registry,
  credential: Credential,
): Promise<[string, CredentialChange]> {
  switch (credential.kind) {
    case 'anonymous':
      return ['anonymous-pull-is-off', 'sign-in']
    case 'admin':
      return ['password-is-withdrawn', 'sign-in-again']
    case 'scoped-token': {
      const token = await access.scopedTokens.find(rid, credential.name)
      if (token?.id !== credential.password.tokenId) return ['scoped-token-is-gone', 'sign-in-again']
      return token.enabled ? ['password-is-withdrawn', 'sign-in-again'] : ['scoped-token-is-off', 'enable-scoped-token']
    }
    case 'directory':
      return failureOfPrincipal(directory, credential.objectId)
  }
}

/** Why a credential of a principal of the directory is not valid, and the change that fixes it. */
export async function failureOfPrincipal(
  directory: Pick<Directory, 'findPrincipal'>,
  objectId: string,
): Promise<[string, 'sign-in-again' | 'enable-principal']> {
  const found = await directory.findPrincipal(objectId)
  if (found === undefined) return ['principal-is-gone', 'sign-in-again']
  return found.kind !== 'group' && !found.enabled
    ? ['principal-is-disabled', 'enable-principal']
    : ['credential-is-withdrawn', 'sign-in-again']
}
