import { resolve } from 'node:path'
import { z } from 'zod'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'

/** The maximum number of providers. Each provider is a button on the sign-in page. */
const largestNumber = 20

const notBoth = 'set either clientSecretFile, or both clientCertFile and clientKeyFile'

/** The host of Entra at which one application may be open to several tenants. */
const entraOrigin = 'https://login.microsoftonline.com'

/** One organisation's identity provider, at which users sign in. Unknown properties are rejected. */
export const identityProviderSchema = z
  .strictObject(
    {
      name: text(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 lower-case letters, digits and dashes'),
      displayName: text(/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u, 'must be 1 to 64 characters'),
      kind: z.enum(['oidc', 'entra'], { error: 'must be oidc or entra' }).default('oidc'),
      issuer: z.string({ error: 'must be an https URL' }).refine(isIssuer, {
        error: 'must be the https URL of an issuer, without a query, fragment or user name',
      }),
      clientId: text(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 printable characters'),
      clientSecretFile: path().optional(),
      clientCertFile: path().optional(),
      clientKeyFile: path().optional(),
      scopes: z
        .array(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'must be a scope'), { error: 'must be a list of scopes' })
        .max(20, { error: 'must list at most 20 scopes' })
        .default(['openid', 'profile', 'email']),
      groupsClaim: text(/^[\x21-\x7e]{1,128}$/, 'must be the name of a claim').default('groups'),
      requireGroup: text(/^[^\p{C}]{1,256}$/u, 'must be a value of the groups claim').optional(),
      allowedTenants: z
        .array(
          z
            .string({ error: 'must be the id of a tenant' })
            .refine((value) => parseGuid(value) !== undefined, { error: 'must be the id of a tenant' })
            .transform((value) => value.toLowerCase()),
          { error: 'must be a list of tenant ids' },
        )
        .max(100, { error: 'must list at most 100 tenants' })
        .default([]),
      createUsers: z.boolean({ error: 'must be true or false' }).default(true),
      prompt: z
        .enum(['login', 'select_account', 'consent'], { error: 'must be login, select_account or consent' })
        .optional(),
      mfaAcrValues: z
        .array(text(/^[\x21-\x7e]{1,256}$/, 'must be a value of the claim acr'), {
          error: 'must be a list of values of the claim acr',
        })
        .max(20, { error: 'must list at most 20 values' })
        .default([]),
      signInHours: z
        .int({ error: 'must be a whole number from 1 to 720' })
        .min(1, { error: 'must be a whole number from 1 to 720' })
        .max(720, { error: 'must be a whole number from 1 to 720' })
        .default(8),
      caFile: path().optional(),
      privateNetwork: z.boolean({ error: 'must be true or false' }).default(false),
    },
    { error: 'must be a mapping' },
  )
  .refine(
    ({ clientSecretFile, clientCertFile, clientKeyFile }) =>
      (clientCertFile === undefined) === (clientKeyFile === undefined) &&
      (clientSecretFile === undefined) !== (clientCertFile === undefined),
    { error: notBoth },
  )
  .refine(({ kind, allowedTenants }) => kind === 'entra' || allowedTenants.length === 0, {
    error: 'allowedTenants requires kind entra',
    path: ['allowedTenants'],
  })
  .refine(({ kind, issuer }) => kind !== 'entra' || entraIssuer(issuer) !== undefined, {
    error:
      'must end with the id of a tenant and /v2.0; or be https://login.microsoftonline.com/organizations/v2.0, with allowedTenants',
    path: ['issuer'],
  })
  .refine(
    ({ kind, issuer, allowedTenants }) =>
      kind !== 'entra' || (entraIssuer(issuer) === 'several') === allowedTenants.length > 0,
    {
      error: 'the issuer organizations requires allowedTenants; an issuer of one tenant does not support it',
      path: ['issuer'],
    },
  )

/** The list of providers; each name and each issuer is unique. */
export const identityProvidersSchema = z
  .array(identityProviderSchema, { error: 'must be a list of providers' })
  .max(largestNumber, { error: `must list at most ${largestNumber} providers` })
  .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, {
    error: 'two providers have the same name',
  })
  .refine((providers) => new Set(providers.map(({ issuer }) => new URL(issuer).href)).size === providers.length, {
    error: 'two providers have the same issuer',
  })

/** The descriptions of the properties of a provider, in the order of the reference. */
export const identityProviderFields: Readonly<Record<keyof z.output<typeof identityProviderSchema>, string>> = {
  name: 'The name of the provider in URLs. Register the redirect URI `https://PUBLIC-HOST/sign-in/NAME/callback` at the provider. Do not change the name later, because the redirect URI contains the name.',
  displayName: 'The label of the button on the sign-in page.',
  kind: '`entra` for Microsoft Entra, `oidc` (the default) for any other OpenID provider. The server identifies Entra users by tenant id and object id, and other users by issuer and subject, never by e-mail address.',
  issuer:
    "The exact issuer URL. The server reads the provider's configuration from `/.well-known/openid-configuration` below the issuer URL. The issuer URL of Entra is `https://login.microsoftonline.com/TENANT-ID/v2.0`. To accept several tenants, write `organizations` instead of the tenant id.",
  clientId: 'The client id of Acrux at the provider.',
  clientSecretFile:
    'A file with the client secret. Only the user that runs the server may have access to the file. The server reads the file at each use, so a new secret requires no restart.',
  clientCertFile:
    'A PEM file with a certificate that is registered at the provider, as an alternative to `clientSecretFile`. The server signs client assertions with the key in `clientKeyFile`.',
  clientKeyFile:
    'The PEM file with the unencrypted private key of the certificate. Only the user that runs the server may have access to the file.',
  scopes: 'The scopes that the server requests, always including `openid`. Default: `openid`, `profile`, `email`.',
  groupsClaim:
    "The claim of the id token that lists the user's groups. The server creates a directory group for each listed group. A user has the group memberships that the provider sent at the user's last sign-in. Default: `groups`.",
  requireGroup: 'Only members of this group can sign in. Default: none.',
  allowedTenants: 'The ids of the tenants whose users may sign in, if `issuer` contains `organizations`.',
  createUsers:
    "Whether the server creates a user at the user's first sign-in. A new user has no permissions. With `false`, only users who are already linked to the provider can sign in. Default: `true`.",
  prompt:
    'The prompt that the provider always shows: `login`, `select_account` or `consent`. Default: the provider decides.',
  mfaAcrValues:
    'Values of the `acr` claim that report more than one factor. The value `mfa` in the `amr` claim always reports more than one factor. Default: none.',
  signInHours:
    "How many hours a session, the session's refresh tokens and the session's group memberships are valid. If the provider removes a user, Acrux detects the removal only at the user's next sign-in. Default: `8`.",
  caFile:
    "A PEM file with the certificate authorities that the server trusts for connections to the provider. Default: the system's certificate authorities.",
  privateNetwork:
    'Whether the host of `issuer` may have a private or loopback address. All hosts of the provider except the host of `issuer` must have public addresses. Default: `false`.',
}

/** Whether an Entra issuer is for one tenant or several; undefined for another issuer. */
function entraIssuer(issuer: string): 'one' | 'several' | undefined {
  if (issuer === `${entraOrigin}/organizations/v2.0`) return 'several'
  const [, tenant = ''] = /^https:\/\/[^/]+\/([0-9a-fA-F-]{36})\/v2\.0$/.exec(issuer) ?? []
  return parseGuid(tenant) === undefined ? undefined : 'one'
}

function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    text.length <= 512 &&
    url.protocol === 'https:' &&
    url.username === '' &&
    url.password === '' &&
    !/[?#\s\\]/.test(text)
  )
}

function text(form: RegExp, error: string) {
  return z.string({ error }).regex(form, { error })
}

function path() {
  return text(/^[^\0]{1,4096}$/, 'must be a path').transform((value) => resolve(value))
}
