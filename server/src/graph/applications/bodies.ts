import { guid, name } from '../protocol/body.ts'
import { z } from 'zod'
import { apiSchemas } from '../../platform/http/api-schema.ts'
import { isRedirectUri } from '@acrux/shared/standards/oauth/redirect-uri.ts'
import type { ApplicationSignInChange } from '../../directory/index.ts'
import type { KeyCredential, SecretRequest } from '../../credentials/index.ts'

/*
 * A body with a property that its schema does not name is rejected, including those that clients can only read, such as
 * the directory role, the owner, ids and hashes.
 */

const latestMs = Date.parse('9999-12-31T23:59:59Z')

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((atMs) => atMs >= 0 && atMs <= latestMs)

/**
 * Identifier URIs are also names of the service principal, so they must never look like an application id.
 * [Microsoft Graph, application.identifierUris]
 */
const identifierUri = z
  .string()
  .max(255)
  .regex(/^(?:api|https|urn):[!-~]+$/)

const identifierUris = z.array(identifierUri).max(50).refine(hasNoDuplicates)

const keyCredential = z
  .strictObject({
    '@odata.type': z.literal('#microsoft.graph.keyCredential').optional(),
    customKeyIdentifier: z.string().max(256).nullish(),
    displayName: name.nullish(),
    endDateTime: time.nullish(),
    key: z.string().max(16_384).nullish(),
    keyId: guid.nullish(),
    startDateTime: time.nullish(),
    type: z.literal('AsymmetricX509Cert'),
    usage: z.literal('Verify'),
  })
  .transform(({ displayName, endDateTime, key, keyId, startDateTime }): KeyCredential => ({
    keyId: keyId ?? undefined,
    displayName: displayName ?? null,
    startsAtMs: startDateTime ?? undefined,
    expiresAtMs: endDateTime ?? undefined,
    key: key ?? null,
  }))

const redirectUri = z.string().refine(isRedirectUri)

const redirectUris = z
  .array(redirectUri)
  .max(100)
  .refine((uris) => new Set(uris).size === uris.length)

const platform = z.strictObject({ redirectUris: redirectUris.optional() }).optional()

/** The implicit flow is not offered, so it can only be disabled. [RFC 9700 §2.1.2] */
const webPlatform = z
  .strictObject({
    redirectUris: redirectUris.optional(),
    implicitGrantSettings: z
      .strictObject({
        enableAccessTokenIssuance: z.literal(false).nullish(),
        enableIdTokenIssuance: z.literal(false).nullish(),
      })
      .nullish(),
  })
  .optional()

const applicationProperties = {
  web: webPlatform,
  publicClient: platform,
  spa: platform,
  isFallbackPublicClient: z.boolean().nullish(),
  identifierUris: identifierUris.optional(),
  keyCredentials: z.array(keyCredential).optional(),
  // The server has one tenant.
  signInAudience: z.literal('AzureADMyOrg').optional(),
}

/** The body of `POST /applications`. */
export const newApplicationBody = z
  .strictObject({ displayName: name, ...applicationProperties })
  .transform(({ web, publicClient, spa, isFallbackPublicClient, ...others }) => ({
    ...others,
    ...signInChange({ web, publicClient, spa, isFallbackPublicClient }),
  }))

/** The body of `PATCH /applications/{id}`. */
export const applicationChangeBody = z
  .strictObject({ displayName: name.optional(), ...applicationProperties })
  .transform(({ web, publicClient, spa, isFallbackPublicClient, ...others }) => ({
    ...others,
    ...signInChange({ web, publicClient, spa, isFallbackPublicClient }),
  }))

type Platform = { readonly redirectUris?: readonly string[] | undefined } | undefined

/** The properties of a body that determine how users sign in; empty if it has none. */
function signInChange(body: {
  readonly web: Platform
  readonly publicClient: Platform
  readonly spa: Platform
  readonly isFallbackPublicClient: boolean | null | undefined
}): { signIn?: ApplicationSignInChange } {
  const { isFallbackPublicClient } = body
  const named = (['web', 'publicClient', 'spa'] as const).flatMap((platform) => {
    const uris = body[platform]?.redirectUris
    return uris === undefined ? [] : [[platform, uris] as const]
  })
  if (named.length === 0 && isFallbackPublicClient === undefined) return {}
  return {
    signIn: {
      redirectUris: Object.fromEntries(named),
      ...(isFallbackPublicClient === undefined ? {} : { isFallbackPublicClient }),
    },
  }
}

/** The body of `POST /servicePrincipals`. */
export const newServicePrincipalBody = z.strictObject({
  appId: guid,
  accountEnabled: z.boolean().optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
})

/** The body of `PATCH /servicePrincipals/{id}`. */
export const servicePrincipalChangeBody = z.strictObject({
  accountEnabled: z.boolean().optional(),
  appRoleAssignmentRequired: z.boolean().optional(),
  keyCredentials: z.array(keyCredential).optional(),
})

/** The body of `addPassword`. */
export const addPasswordBody = z
  .strictObject({
    passwordCredential: z
      .strictObject({
        '@odata.type': z.literal('#microsoft.graph.passwordCredential').optional(),
        displayName: name.nullish(),
        endDateTime: time.nullish(),
        startDateTime: time.nullish(),
      })
      .nullish(),
  })
  .transform(({ passwordCredential }): SecretRequest => ({
    displayName: passwordCredential?.displayName ?? null,
    startsAtMs: passwordCredential?.startDateTime ?? undefined,
    expiresAtMs: passwordCredential?.endDateTime ?? undefined,
  }))
  .register(apiSchemas, { id: 'graph.addPassword' })

/** The body of `removePassword`. */
export const removePasswordBody = z.strictObject({ keyId: guid }).register(apiSchemas, { id: 'graph.removePassword' })

/** The body of `POST /directoryObjects/getByIds`. Unknown types are accepted and match nothing. */
export const getByIdsBody = z.strictObject({
  ids: z.array(z.string().max(256)).max(1000),
  types: z.array(z.string().max(256)).max(100).nullish(),
})

function hasNoDuplicates(values: readonly string[]): boolean {
  return new Set(values.map((value) => value.toLowerCase())).size === values.length
}
