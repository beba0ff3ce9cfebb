import type { HttpClient } from '../../clients/http/http.ts'
import { signInAddressOf } from '../../clients/servers/cloud-metadata.ts'
import { fetchMetadata } from '../../clients/servers/select-server.ts'
import { acrResource } from '../../clients/session/account.ts'
import { exchangeForAcrToken } from '../../clients/tokens/acr-exchange.ts'
import { type ClientCredential, requestClientToken } from '../../clients/tokens/client-token.ts'
import { managedIdentityToken } from '../../clients/tokens/managed-identity.ts'
import { oauthUrl, scopeOf } from '../../clients/tokens/token-request.ts'
import { failure } from '../../framework/command/failure.ts'
import { readSecret } from '../../framework/options/read-value.ts'
import type { PulledImage } from './image-pattern.ts'
import type { ProviderRequest } from './request.ts'
import type { ProviderSettings, StoredCredential } from './settings.ts'

type LogInContext = {
  readonly http: HttpClient
  readonly settings: ProviderSettings
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The annotations of service accounts with which Azure selects an application. [acr-protocol §10.2] */
const clientIdAnnotation = 'azure.workload.identity/client-id'
const tenantIdAnnotation = 'azure.workload.identity/tenant-id'

/**
 * Logs in to the registry of an image, and returns an ACR refresh token. @throws CommandFailure if the registry denies
 * the login
 */
export async function logIn(context: LogInContext, image: PulledImage, request: ProviderRequest): Promise<string> {
  const { http, settings } = context
  const identity = await proveIdentity(context, image, request)
  const narrowing =
    settings.loginScope === 'repository'
      ? { scopes: [`repository:${image.repository}:pull`], lifeSeconds: undefined }
      : undefined
  return exchangeForAcrToken(http, image.loginServer, { ...identity, narrowing })
}

type Proof = {
  readonly identityToken: string
  readonly clientId?: string | undefined
  readonly tenantId: string | undefined
}

async function proveIdentity(
  context: LogInContext,
  image: PulledImage,
  { serviceAccountToken, serviceAccountAnnotations }: ProviderRequest,
): Promise<Proof> {
  const { http, env } = context
  const { identity, authorityHost } = context.settings
  switch (identity.kind) {
    case 'service-account': {
      const clientId = textIn(serviceAccountAnnotations, clientIdAnnotation) ?? identity.clientId
      const tenantId = textIn(serviceAccountAnnotations, tenantIdAnnotation) ?? identity.tenantId
      if (serviceAccountToken === undefined)
        throw failure(
          'the request contains no token of a service account',
          'set tokenAttributes in the CredentialProviderConfig of the kubelet, or choose another --auth',
        )
      // Registries of Acrux exchange the token directly. Registries of Azure exchange only tokens of Entra.
      if (authorityHost === undefined) return { identityToken: serviceAccountToken, clientId, tenantId: undefined }
      if (clientId === undefined || tenantId === undefined)
        throw failure(
          'with --authority-host, a service account needs the client id and the tenant id of an application',
          `annotate the service account with ${clientIdAnnotation} and ${tenantIdAnnotation}`,
        )
      const credential = { kind: 'assertion', assertion: serviceAccountToken } as const
      return { identityToken: await clientToken(context, image, { clientId, tenantId, credential }), tenantId }
    }
    case 'managed-identity': {
      const parameter = identity.clientId === undefined ? undefined : 'client_id'
      const method = { kind: 'managed-identity', parameter, value: identity.clientId } as const
      const { accessToken } = await managedIdentityToken(http, env, method, acrResource)
      return { identityToken: accessToken, tenantId: undefined }
    }
    case 'service-principal': {
      const { clientId, tenantId } = identity
      const credential = await readCredential(identity.credential)
      return { identityToken: await clientToken(context, image, { clientId, tenantId, credential }), tenantId }
    }
  }
}

function textIn(annotations: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = annotations[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

async function readCredential(stored: StoredCredential): Promise<ClientCredential> {
  switch (stored.kind) {
    case 'secret-file':
      return { kind: 'secret', secret: await readSecret(`@${stored.file}`) }
    case 'secret':
      return stored
    case 'certificate':
      return { ...stored, sendsChain: false }
  }
}

type Application = {
  readonly clientId: string
  readonly tenantId: string
  readonly credential: ClientCredential
}

/** A token for registries, from the token endpoint of the tenant. */
async function clientToken(
  { http, settings }: LogInContext,
  { loginServer }: PulledImage,
  { clientId, tenantId, credential }: Application,
): Promise<string> {
  const activeDirectory = settings.authorityHost ?? (await ownAuthority(http, loginServer))
  const url = oauthUrl({ endpoints: { activeDirectory } }, encodeURIComponent(tenantId), 'token')
  return (await requestClientToken(http, url, { clientId, scope: scopeOf(acrResource), credential })).accessToken
}

/**
 * The identity provider of a registry. Without other settings, the identity provider is on the host of the registry.
 * @throws CommandFailure
 */
async function ownAuthority(http: HttpClient, loginServer: string): Promise<string> {
  const registry = `https://${loginServer}`
  const authority = signInAddressOf(await fetchMetadata(http, registry))
  if (authority !== undefined && new URL(authority).origin === new URL(registry).origin) return authority
  throw failure(
    `the registry ${loginServer} names ${authority === undefined ? 'no identity provider' : `the identity provider ${authority}`}, but the program sends secrets only to hosts in the settings`,
    `add --authority-host ${authority ?? 'URL'} if you trust this host`,
  )
}
