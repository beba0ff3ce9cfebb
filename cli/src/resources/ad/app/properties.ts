import { randomUUID } from 'node:crypto'
import { recordOf } from '../../../clients/session/account.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { booleanFlag, choiceFlag, numberFlag } from '../../../framework/options/flags.ts'
import { readJsonValue } from '../../../framework/options/read-value.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type KeyFlags, keyCredentialsOf, keyFlags } from './key.ts'

/** The properties of an application. */
export type ApplicationFlags = {
  readonly displayName?: string
  readonly identifierUris?: readonly string[]
  readonly isFallbackPublicClient?: boolean
  readonly serviceManagementReference?: string
  readonly signInAudience?: string
  readonly requestedAccessTokenVersion?: number
  readonly webHomePageUrl?: string
  readonly webRedirectUris?: readonly string[]
  readonly enableIdTokenIssuance?: boolean
  readonly enableAccessTokenIssuance?: boolean
  readonly publicClientRedirectUris?: readonly string[]
  readonly appRoles?: string
  readonly optionalClaims?: string
  readonly requiredResourceAccesses?: string
} & KeyFlags

/** Describes {@link ApplicationFlags}. */
export const applicationFlags: readonly FlagDescription[] = [
  { flags: '--display-name <name>', description: 'the display name' },
  { flags: '--identifier-uris <uri...>', description: 'the identifier URIs', repeated: true },
  booleanFlag('--is-fallback-public-client', 'whether the application is a public client'),
  {
    flags: '--service-management-reference <text>',
    description: 'a reference to an entry in a service management database',
  },
  choiceFlag(
    '--sign-in-audience <audience>',
    ['AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount', 'PersonalMicrosoftAccount'],
    'the accounts that can sign in',
  ),
  numberFlag('--requested-access-token-version <version>', 'the version of access tokens for the application'),
  { flags: '--web-home-page-url <url>', description: 'the home page' },
  { flags: '--web-redirect-uris <uri...>', description: 'the redirect URIs of a web application', repeated: true },
  booleanFlag('--enable-id-token-issuance', 'whether the implicit flow issues ID tokens'),
  booleanFlag('--enable-access-token-issuance', 'whether the implicit flow issues access tokens'),
  {
    flags: '--public-client-redirect-uris <uri...>',
    description: 'the redirect URIs of an installed application',
    repeated: true,
  },
  { flags: '--app-roles <json>', description: 'the roles of the application: JSON, or a file with JSON' },
  {
    flags: '--optional-claims <json>',
    description: "additional claims of the application's tokens: JSON, or a file with JSON",
  },
  {
    flags: '--required-resource-accesses <json>',
    description: 'the permissions that the application needs: JSON, or a file with JSON',
  },
  ...keyFlags,
]

/** The application in the flags, in the format of Graph. @throws CommandFailure for text that is not JSON */
export async function applicationBody(flags: ApplicationFlags): Promise<Record<string, unknown>> {
  const { displayName, identifierUris, isFallbackPublicClient, serviceManagementReference, signInAudience } = flags
  const { requestedAccessTokenVersion, publicClientRedirectUris } = flags
  const implicitGrantSettings = present({
    enableIdTokenIssuance: flags.enableIdTokenIssuance,
    enableAccessTokenIssuance: flags.enableAccessTokenIssuance,
  })
  return (
    present({
      displayName,
      identifierUris,
      isFallbackPublicClient,
      serviceManagementReference,
      signInAudience,
      api: present({ requestedAccessTokenVersion }),
      web: present({ homePageUrl: flags.webHomePageUrl, redirectUris: flags.webRedirectUris, implicitGrantSettings }),
      publicClient: present({ redirectUris: publicClientRedirectUris }),
      keyCredentials: keyCredentialsOf(flags),
      appRoles: withIds(await jsonMember(flags.appRoles, 'appRoles')),
      optionalClaims: await jsonMember(flags.optionalClaims, 'optionalClaims'),
      requiredResourceAccess: await jsonMember(flags.requiredResourceAccesses, 'requiredResourceAccess'),
    }) ?? {}
  )
}

/** The JSON of an option, or the member of a whole manifest. */
async function jsonMember(text: string | undefined, member: string): Promise<unknown> {
  if (text === undefined) return undefined
  const value = await readJsonValue(text)
  return valueAt(value, member) ?? value
}

/** Roles that each have an id: a role without an id gets a new one. */
function withIds(roles: unknown): unknown {
  return Array.isArray(roles) ? roles.map((role) => ({ id: randomUUID(), ...recordOf(role) })) : roles
}

/** The members that are not undefined. Undefined if all members are undefined. */
function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
