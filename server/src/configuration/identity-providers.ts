import { resolve } from 'node:path'
import { z } from 'zod'
import { parseGuid } from '../standards/azure/guid.ts'

/** How many providers may be configured: each is a button on the page for signing in. */
const largestNumber = 20

const notBoth = 'give either clientSecretFile, or clientCertFile and clientKeyFile'

/** The host of Entra at which one application may be open to several tenants. */
const entraOrigin = 'https://login.microsoftonline.com'

/** One provider of an organisation, at which its people sign in. Unknown properties are refused. */
export const identityProviderSchema = z
  .strictObject(
    {
      name: text(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 small letters, digits and dashes'),
      displayName: text(/^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u, 'must be 1 to 64 characters'),
      kind: z.enum(['oidc', 'entra'], { error: 'must be oidc or entra' }).default('oidc'),
      issuer: z.string({ error: 'must be an https URL' }).refine(isIssuer, {
        error: 'must be the https URL of an issuer, without query, fragment and user',
      }),
      clientId: text(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 printable characters'),
      clientSecretFile: path().optional(),
      clientCertFile: path().optional(),
      clientKeyFile: path().optional(),
      scopes: z
        .array(text(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'must be a scope'), { error: 'must be a list of scopes' })
        .max(20, { error: 'must name no more than 20 scopes' })
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
        .max(100, { error: 'must name no more than 100 tenants' })
        .default([]),
      createUsers: z.boolean({ error: 'must be true or false' }).default(true),
      prompt: z
        .enum(['login', 'select_account', 'consent'], { error: 'must be login, select_account or consent' })
        .optional(),
      mfaAcrValues: z
        .array(text(/^[\x21-\x7e]{1,256}$/, 'must be a value of acr'), { error: 'must be a list of values of acr' })
        .max(20, { error: 'must name no more than 20 values' })
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
    error: 'allowedTenants is for kind entra',
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
      error: 'the issuer organizations needs allowedTenants, and that of one tenant has no use for it',
      path: ['issuer'],
    },
  )

/** The list of providers; no two of them have the same name or the same issuer. */
export const identityProvidersSchema = z
  .array(identityProviderSchema, { error: 'must be a list of providers' })
  .max(largestNumber, { error: `must name no more than ${largestNumber} providers` })
  .refine((providers) => new Set(providers.map(({ name }) => name)).size === providers.length, {
    error: 'two providers have the same name',
  })
  .refine((providers) => new Set(providers.map(({ issuer }) => new URL(issuer).href)).size === providers.length, {
    error: 'two providers have the same issuer',
  })

/** What each property of a provider is, in the order of the reference. */
export const identityProviderFields: Readonly<Record<keyof z.output<typeof identityProviderSchema>, string>> = {
  name: 'Its name in addresses: the redirect URI to register there is `https://PUBLIC-HOST/sign-in/NAME/callback`. Never change it: people are known by the issuer, but the address is registered there.',
  displayName: 'What the button on the page for signing in says.',
  kind: '`entra` for Microsoft Entra, where people are known by tenant and object id; `oidc` (the default) for any other OpenID provider, where they are known by issuer and subject. Nobody is ever known by an e-mail address.',
  issuer:
    'Its issuer, to the letter. Its configuration is read from `/.well-known/openid-configuration` below it. For Entra `https://login.microsoftonline.com/TENANT-ID/v2.0`, or with `organizations` in place of the id for several tenants.',
  clientId: 'The client id that Acrux has there.',
  clientSecretFile:
    'A file with the client secret, which only the user that the server runs as may read. It is read again at each use, so that a new secret needs no restart.',
  clientCertFile:
    'In place of a secret: a PEM file with a certificate that is registered there. Acrux then signs assertions with `clientKeyFile`.',
  clientKeyFile:
    'The PEM file with its private key, not encrypted, which only the user that the server runs as may read.',
  scopes: 'What is asked for. `openid` is always among it. Default: `openid`, `profile`, `email`.',
  groupsClaim:
    "The claim of the id token that lists a person's groups, as texts. Each becomes a group of the directory, and membership is that of the last sign-in. Default: `groups`.",
  requireGroup: 'The value of that claim without which nobody may sign in. Default: none is needed.',
  allowedTenants: 'With the issuer `organizations`: the ids of the tenants whose people may sign in.',
  createUsers:
    'Whether whoever signs in for the first time becomes a user of the directory, without any right. `false` lets only those sign in whom an owner has linked. Default: `true`.',
  prompt: 'Has the provider always ask: `login`, `select_account` or `consent`. Default: as it likes.',
  mfaAcrValues:
    'Values of the claim `acr` that stand for more than one factor. The value `mfa` in `amr` always does. Default: none.',
  signInHours:
    'How long a sign-in holds, with its refresh tokens and its groups. That somebody was removed there is noticed at the next sign-in and no sooner. Default: `8`.',
  caFile: "A PEM file with the authorities that its certificate is checked against. Default: the system's.",
  privateNetwork:
    'Whether the host of `issuer` may lie within a private network or on this machine. No other host may, whatever the provider says of where its keys and tokens are. Default: `false`.',
}

/** Which people an Entra issuer speaks for; undefined for what is no issuer of Entra's. */
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
