import type { TokenAudience } from './model.ts'
import { type PublicOrigin, perOrigin } from '../../platform/http/requested-origin.ts'

/** The audiences of IdP access tokens, in every spelling that clients use. */
export interface Audiences {
  /** The audience of a resource, and its `aud`. */
  find(resource: string): { readonly audience: TokenAudience; readonly aud: string } | undefined
  /** Every `aud` of tokens for these audiences. */
  spellings(audiences: readonly TokenAudience[]): string[]
}

/**
 * Creates the table of audiences. ARM, ACR and Graph have Azure's own names, which are built into clients. ARM and Graph also have
 * names below our origin, which SDKs derive from the endpoint. [acr-protocol, exchange; az-cli-wire; @azure-rest/core-client, credentials.scopes]
 */
export function createAudiences(publicOrigin: PublicOrigin): Audiences {
  const tableNow = perOrigin(publicOrigin, tableOf)
  return {
    find: (resource) => tableNow().byResource.get(withoutDefaultPort(resource.toLowerCase())),
    spellings: (audiences) =>
      tableNow()
        .table.filter(([, audience]) => audiences.includes(audience))
        .map(([aud]) => aud),
  }
}

function tableOf(publicOrigin: string) {
  const table: readonly (readonly [string, TokenAudience])[] = [
    ['https://management.core.windows.net/', 'arm'],
    ['https://management.core.windows.net', 'arm'],
    ['https://management.azure.com/', 'arm'],
    ['https://management.azure.com', 'arm'],
    [`${publicOrigin}/`, 'arm'],
    [publicOrigin, 'arm'],
    ['https://containerregistry.azure.net/', 'acr'],
    ['https://containerregistry.azure.net', 'acr'],
    ['6a0ec4d3-30cb-4a83-91c0-ae56bc0e3d26', 'acr'],
    [`${publicOrigin}/graph/`, 'graph'],
    [`${publicOrigin}/graph`, 'graph'],
    ['https://graph.microsoft.com/', 'graph'],
    ['https://graph.microsoft.com', 'graph'],
    ['https://graph.windows.net/', 'graph'],
    ['https://graph.windows.net', 'graph'],
    [userInfoAudience(publicOrigin), 'userinfo'],
  ]
  const byResource = new Map(table.map(([aud, audience]) => [aud.toLowerCase(), { audience, aud }]))
  return { table, byResource }
}

/** Removes the default port of the scheme, which registered clouds may contain. [RFC 3986 §6.2.3] */
function withoutDefaultPort(resource: string): string {
  return resource.replace(/^(https:\/\/[^/]+):443(?=\/|$)|^(http:\/\/[^/]+):80(?=\/|$)/, '$1$2')
}

/** The audience of the user info endpoint. */
export function userInfoAudience(publicOrigin: PublicOrigin): string {
  return `${publicOrigin}/oidc/userinfo`
}
