import { type Client, type Clients, type RedirectPlatform, allowsPublicFlows } from '../clients.ts'
import { EntraError } from '../entra-errors.ts'
import type { GrantRequest } from './grant.ts'

/** The client that asks for a person's token, and whether it proved itself. */
export type PersonClient = { readonly client: Client; readonly confidential: boolean }

/**
 * Finds the client that asks for a person's token, and lets a page of it read the answer, be it a refusal.
 *
 * @throws EntraError for one through which nobody signs in
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

/** Lets only those sign people in without a browser of their own that are registered for it. @throws EntraError 7000218 */
export function requirePublicFlows({ client, confidential }: PersonClient): void {
  if (!confidential && !allowsPublicFlows(client)) throw new EntraError('unprovedClient')
}

/**
 * Holds a client to what its redirect URI was registered for: a web application proves itself, and a page asks from its
 * own origin, which nobody but a browser can bind it to. Gives the kind of the refusal, if there is one.
 */
export function findPlatformRefusal(
  { client, confidential }: PersonClient,
  platform: RedirectPlatform | undefined,
  { pageOrigin }: Pick<GrantRequest, 'pageOrigin'>,
): 'unprovedClient' | 'pageOnly' | 'redirectMismatch' | undefined {
  switch (platform) {
    case 'web':
      return confidential ? undefined : 'unprovedClient'
    case 'publicClient':
      return undefined
    case 'spa':
      return pageOrigin !== undefined && isPageOf(client, pageOrigin) ? undefined : 'pageOnly'
    case undefined:
      // It was registered when the code was made, and has been taken away.
      return 'redirectMismatch'
  }
}
