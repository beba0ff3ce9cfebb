import type { FastifyRequest } from 'fastify'
import type { ManagementContext } from '../arm/context.ts'
import { parameter } from '../arm/query.ts'

/**
 * `GET /metadata/endpoints`: the endpoints of this cloud. `az cloud register` reads an object; with `ARM_CLOUD_METADATA_URL`,
 * az expects a list, as of version 2019-05-01 or with `list=1`. [az-cli-wire §1]
 */
export function getMetadata(context: ManagementContext, { query }: FastifyRequest): unknown {
  const asList = parameter(query, 'api-version') === '2019-05-01' || parameter(query, 'list') === '1'
  const cloud = cloudDocument(context)
  return asList ? [cloud] : cloud
}

function cloudDocument({ publicOrigin, suffix }: ManagementContext): object {
  return {
    portal: `${publicOrigin}/portal`,
    authentication: {
      loginEndpoint: publicOrigin,
      // The first is the one that az asks tokens for.
      audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
      tenant: 'common',
      identityProvider: 'AAD',
    },
    graphAudience: 'https://graph.windows.net/',
    graph: 'https://graph.windows.net/',
    name: 'Acrux',
    suffixes: {
      // az writes the dot before it by itself.
      acrLoginServer: suffix.replace(/^\./, ''),
      // Of which `az acr show-endpoints` makes `*.blob.…`: a host of Azure would be a false lead.
      storage: suffix.replace(/^\./, ''),
      keyVaultDns: 'vault.azure.net',
      sqlServerHostname: 'database.windows.net',
    },
    resourceManager: `${publicOrigin}/`,
    gallery: `${publicOrigin}/gallery/`,
    microsoftGraphResourceId: `${publicOrigin}/graph/`,
  }
}
