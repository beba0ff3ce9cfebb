import { askArm } from '../../clients/arm/arm.ts'
import { resourceGroupFlag } from '../../clients/arm/named-registry.ts'
import { type PagingFlags, listPart, pagingFlags, positiveNumber } from '../../clients/arm/paging.ts'
import { type Account, requireAccount } from '../../clients/session/account.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import { type SubscriptionFlags, numberFlag, subscriptionFlag, yesFlag } from '../../framework/options/flags.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  newerGenericFlags,
} from '../../framework/options/generic-update.ts'
import { isRecord } from '../../framework/values/record.ts'
import { valueAt, withResourceGroup } from '../../framework/values/shape.ts'
import { identityPath } from './identity.ts'

/** Selects a managed identity. */
type IdentityOfCredentialFlags = SubscriptionFlags & {
  readonly identityName: string
  readonly resourceGroup: string
}

/** Selects a federated credential of a managed identity. */
type CredentialFlags = IdentityOfCredentialFlags & { readonly name: string }

/** Describes {@link IdentityOfCredentialFlags}. */
const identityOfCredentialFlags: readonly FlagDescription[] = [
  { flags: '--identity-name <name>', description: 'the name of the identity', required: true },
  { ...resourceGroupFlag, required: true },
  subscriptionFlag,
]

/** Describes {@link CredentialFlags}. */
const credentialFlags: readonly FlagDescription[] = [
  { flags: '-n, --name <name>', description: 'the name of the federated credential', required: true },
  ...identityOfCredentialFlags,
]

/** What a federated credential trusts. */
type TrustFlags = {
  readonly issuer?: string
  readonly subject?: string
  readonly audiences?: readonly string[]
  readonly claimsMatchingExpressionVersion?: number
  readonly claimsMatchingExpressionValue?: string
}

/** Describes {@link TrustFlags}. */
const trustFlags: readonly FlagDescription[] = [
  { flags: '--issuer <url>', description: 'the issuer of the tokens' },
  { flags: '--subject <subject>', description: 'the subject of the tokens' },
  { flags: '--audiences <audience...>', description: 'the audience of the tokens', repeated: true },
  {
    ...numberFlag('--claims-matching-expression-version <version>', 'the version of the expression, which is 1'),
    aliases: ['--cme-version'],
  },
  {
    flags: '--claims-matching-expression-value <expression>',
    aliases: ['--cme-value'],
    description: 'an expression on the claims of the tokens, instead of --subject',
  },
]

/** The properties of the flags, as ARM has them. */
function trustOf(flags: TrustFlags): Record<string, unknown> {
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

/** The URL of the federated credentials of an identity, or of one federated credential. */
function credentialsUrl(account: Account, flags: IdentityOfCredentialFlags, name?: string): string {
  const { resourceGroup, identityName } = flags
  const one = name === undefined ? '' : `/${encodeURIComponent(name)}`
  const path = `${identityPath(account, resourceGroup, identityName)}/federatedIdentityCredentials${one}`
  return `${path}?api-version=2025-01-31-preview`
}

/** Sends a request for one federated credential. @throws ApiError */
async function askCredential(
  account: Account,
  method: 'GET' | 'PUT' | 'DELETE',
  flags: CredentialFlags,
  properties?: Record<string, unknown>,
): Promise<unknown> {
  const url = credentialsUrl(account, flags, flags.name)
  return askArm(account, { method, url, ...(properties !== undefined && { body: { properties } }) })
}

/** The document of a federated credential: its properties beside its id and name. */
function credentialDocument(response: unknown): unknown {
  if (!isRecord(response)) return response
  const { properties, ...outer } = response
  return withResourceGroup({ ...outer, ...(isRecord(properties) && properties) })
}

type ListFederatedFlags = IdentityOfCredentialFlags &
  PagingFlags & { readonly top?: string; readonly skiptoken?: string }

/** `acrux identity federated-credential list`. */
export const listFederated = defineCommand<ListFederatedFlags>({
  flags: [
    ...identityOfCredentialFlags,
    { flags: '--top <number>', description: 'the number of items in each page' },
    { flags: '--skiptoken <token>', description: 'the token of the first page to list' },
    ...pagingFlags,
  ],
  examples: ['acrux identity federated-credential list -g default --identity-name build'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { skiptoken } = flags
    const top = positiveNumber('--top', flags.top)
    const query = new URLSearchParams({
      ...(top !== undefined && { $top: String(top) }),
      ...(skiptoken !== undefined && { $skiptoken: skiptoken }),
    })
    const url = `${credentialsUrl(account, flags)}&${query.toString()}`
    return (await listPart(context, account, url, flags)).map(credentialDocument)
  },
})

/** `acrux identity federated-credential show`. */
export const showFederated = defineCommand<CredentialFlags>({
  flags: credentialFlags,
  examples: ['acrux identity federated-credential show -g default --identity-name build -n main'],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    return credentialDocument(await askCredential(account, 'GET', flags))
  },
})

/** `acrux identity federated-credential create`. */
export const createFederated = defineCommand<CredentialFlags & TrustFlags>({
  flags: [...credentialFlags, ...trustFlags],
  examples: [
    'acrux identity federated-credential create -g default --identity-name build -n main --issuer https://gitlab.example.com --subject project_path:team/app:ref_type:branch:ref:main --audiences registry.example.com',
  ],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    return credentialDocument(await askCredential(account, 'PUT', flags, trustOf(flags)))
  },
})

/** `acrux identity federated-credential update`. */
export const updateFederated = defineCommand<CredentialFlags & TrustFlags & GenericFlags>({
  flags: [...credentialFlags, ...trustFlags, ...newerGenericFlags],
  examples: [
    'acrux identity federated-credential update -g default --identity-name build -n main --audiences registry.example.com',
  ],
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const present = valueAt(await askCredential(account, 'GET', flags), 'properties')
    const properties = { ...(isRecord(present) && present), ...trustOf(flags) }
    applyChanges(properties, genericChanges(), flags)
    return credentialDocument(await askCredential(account, 'PUT', flags, properties))
  },
})

/** `acrux identity federated-credential delete`. */
export const deleteFederated = defineCommand<CredentialFlags & { readonly yes?: true }>({
  flags: [...credentialFlags, yesFlag],
  examples: ['acrux identity federated-credential delete -g default --identity-name build -n main'],
  run: async (flags, context) => {
    await context.confirm(`Are you sure you want to delete the federated credential '${flags.name}'?`, flags.yes)
    await askCredential(await requireAccount(context, flags), 'DELETE', flags)
  },
})
