import { booleanFlag, choiceFlag, numberFlag } from '../../arm/flags.ts'
import type { FlagDescription } from '../../command/command.ts'

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
}

/** Describes {@link ApplicationFlags}. */
export const applicationFlags: readonly FlagDescription[] = [
  { flags: '--display-name <name>', description: 'the display name' },
  { flags: '--identifier-uris <uri...>', description: 'the identifier URIs', repeated: true },
  booleanFlag('--is-fallback-public-client', 'whether the application is a public client'),
  { flags: '--service-management-reference <text>', description: 'a reference to a service management database' },
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
]

/** The application of the flags, as Graph has it. */
export function applicationBody(flags: ApplicationFlags): Record<string, unknown> {
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
    }) ?? {}
  )
}

/** The members that are not undefined. Undefined if there are none. */
function present(members: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const kept = Object.entries(members).filter(([, value]) => value !== undefined)
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}
