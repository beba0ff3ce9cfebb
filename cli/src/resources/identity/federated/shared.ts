import type { Account } from '../../../clients/session/account.ts'
import { askArm } from '../../../clients/arm/arm.ts'
import { type SubscriptionFlags, numberFlag, subscriptionFlag } from '../../../framework/options/flags.ts'
import { withResourceGroup } from '../../../framework/values/shape.ts'
import { resourceGroupFlag } from '../../../clients/arm/named-registry.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { isRecord } from '../../../framework/values/sorted-keys.ts'
import { identityPath } from '../shared.ts'

/** Selects a managed identity. */
export type IdentityOfCredentialFlags = SubscriptionFlags & {
  readonly identityName: string
  readonly resourceGroup: string
}

/** Selects a federated credential of a managed identity. */
export type CredentialFlags = IdentityOfCredentialFlags & { readonly name: string }

/** Describes {@link IdentityOfCredentialFlags}. */
export const identityOfCredentialFlags: readonly FlagDescription[] = [
  { flags: '--identity-name <name>', description: 'the name of the identity', required: true },
  { ...resourceGroupFlag, required: true },
  subscriptionFlag,
]

/** Describes {@link CredentialFlags}. */
export const credentialFlags: readonly FlagDescription[] = [
  { flags: '-n, --name <name>', description: 'the name of the federated credential', required: true },
  ...identityOfCredentialFlags,
]

/** What a federated credential trusts. */
export type TrustFlags = {
  readonly issuer?: string
  readonly subject?: string
  readonly audiences?: readonly string[]
  readonly claimsMatchingExpressionVersion?: number
  readonly claimsMatchingExpressionValue?: string
}

/** Describes {@link TrustFlags}. */
export const trustFlags: readonly FlagDescription[] = [
  { flags: '--issuer <url>', description: 'the issuer of the tokens' },
  { flags: '--subject <subject>', description: 'the subject of the tokens' },
  { flags: '--audiences <audience...>', description: 'the audience of the tokens', repeated: true },
  {
    ...numberFlag('--claims-matching-expression-version <version>', 'the version of the expression: 1'),
    aliases: ['--cme-version'],
  },
  {
    flags: '--claims-matching-expression-value <expression>',
    aliases: ['--cme-value'],
    description: 'an expression on the claims of the tokens, instead of --subject',
  },
]

/** The properties of the flags, as ARM has them. */
export function trustOf(flags: TrustFlags): Record<string, unknown> {
  const { issuer, subject, audiences } = flags
  const { claimsMatchingExpressionVersion: languageVersion, claimsMatchingExpressionValue: value } = flags
  const expression = {
    ...(languageVersion !== undefined && { languageVersion }),
    ...(value !== undefined && { value }),
  }
  return {
    ...(issuer !== undefined && { issuer }),
    ...(subject !== undefined && { subject }),
    ...(audiences !== undefined && { audiences }),
    ...(Object.keys(expression).length > 0 && { claimsMatchingExpression: expression }),
  }
}

/** The URL of the federated credentials of an identity, or of one of them. */
export function credentialsUrl(account: Account, flags: IdentityOfCredentialFlags, name?: string): string {
  const { resourceGroup, identityName } = flags
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`
  const path = `${identityPath(account, resourceGroup, identityName)}/federatedIdentityCredentials${one}`
  return `${path}?api-version=2025-01-31-preview`
}

/** Sends a request for one federated credential. @throws ApiError */
export async function askCredential(
  account: Account,
  method: 'GET' | 'PUT' | 'DELETE',
  flags: CredentialFlags,
  properties?: Record<string, unknown>,
): Promise<unknown> {
  const url = credentialsUrl(account, flags, flags.name)
  return askArm(account, { method, url, ...(properties !== undefined && { body: { properties } }) })
}

/** The document of a federated credential: its properties beside its id and name. */
export function credentialDocument(response: unknown): unknown {
  if (!isRecord(response)) return response
  const { properties, ...outer } = response
  return withResourceGroup({ ...outer, ...(isRecord(properties) && properties) })
}
