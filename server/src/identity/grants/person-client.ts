import { type Client, type Clients, type RedirectPlatform, allowsPublicFlows } from '../tokens/clients.ts'
import { EntraError } from '../tokens/errors.ts'
import type { GrantRequest } from './grant.ts'

/** The client that requests a person's token, and whether it authenticated. */
export type PersonClient = { readonly client: Client; readonly confidential: boolean }

/**
 * Finds the client that requests a person's token. A page of the client may read the response, also an error.
 *
 * @throws EntraError if the client is unknown or disabled
 */
export async function requirePersonClient(
  clients: Clients,
  { client, addressed, pageOrigin, allowPage }: Pick<GrantRequest, 'client' | 'addressed' | 'pageOrigin' | 'allowPage'>,
): Promise<PersonClient> {
  const clientId = client.kind === 'public' ? client.clientId : client.servicePrincipal.appId
  const found = await clients.find(clientId)
  if (found === undefined) throw new EntraError('unknownApplication', [clientId, addressed.tenant.tenantId])
  if (pageOrigin !== undefined && isPageOf(found, pageOrigin)) allowPage(pageOrigin)
  return { client: found, confidential: client.kind === 'confidential' }
}

function isPageOf(client: Client, origin: string): boolean {
  return (
    client.kind === 'registered' && client.application.redirectUris.spa.some((uri) => new URL(uri).origin === origin)
  )
}

/** Requires a confidential client, or one that is registered for device codes and passwords. @throws EntraError 7000218 */
export function requirePublicFlows({ client, confidential }: PersonClient): void {
  if (!confidential && !allowsPublicFlows(client)) throw new EntraError('credentialRequired')
}

/**
 * Enforces the platform of the redirect URI: a web application must authenticate, and a single-page application must send its
 * requests from its own origin. Undefined if the request is allowed.
 */
export function findPlatformRejection(
  { client, confidential }: PersonClient,
  platform: RedirectPlatform | undefined,
  { pageOrigin }: Pick<GrantRequest, 'pageOrigin'>,
): 'credentialRequired' | 'pageOnly' | 'redirectMismatch' | undefined {
  switch (platform) {
    case 'web':
      return confidential ? undefined : 'credentialRequired'
    case 'publicClient':
      return undefined
    case 'spa':
      return pageOrigin !== undefined && isPageOf(client, pageOrigin) ? undefined : 'pageOnly'
    case undefined:
      // The redirect URI was removed after the code was issued.
      return 'redirectMismatch'
  }
}
