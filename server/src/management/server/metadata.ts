import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ServerContext } from './context.ts'
import { parameter } from '../arm/query.ts'

type Context = Pick<ServerContext, 'publicOrigin' | 'suffix'>

/** The endpoints of a cloud. [az-cli-wire §1] */
const cloud = z
  .strictObject({
    portal: z.string(),
    authentication: z.strictObject({
      loginEndpoint: z.string(),
      audiences: z.array(z.string()),
      tenant: z.literal('common'),
      identityProvider: z.literal('AAD'),
    }),
    graphAudience: z.string(),
    graph: z.string(),
    name: z.string(),
    suffixes: z.strictObject({
      acrLoginServer: z.string(),
      storage: z.string(),
      keyVaultDns: z.string(),
      sqlServerHostname: z.string(),
    }),
    resourceManager: z.string(),
    gallery: z.string(),
    microsoftGraphResourceId: z.string(),
  })
  .register(apiSchemas, { id: 'CloudMetadata' })

const metadataResponse = z.union([cloud, z.array(cloud)]).register(apiSchemas, { id: 'CloudEndpoints' })

/**
 * `GET /metadata/endpoints`: the endpoints of this cloud. `az cloud register` reads an object; with `ARM_CLOUD_METADATA_URL`,
 * az expects a list, as of version 2019-05-01 or with `list=1`. [az-cli-wire §1]
 */
export function getMetadata(context: Context, { query }: FastifyRequest): DocumentOf<typeof metadataResponse> {
  const document = cloudDocument(context)
  if (parameter(query, 'api-version') !== '2019-05-01') return parameter(query, 'list') === '1' ? [document] : document
  // AKS's credential provider reads this version, and expects the dot before the suffix. az adds the dot only where it is missing.
  return [{ ...document, suffixes: { ...document.suffixes, acrLoginServer: context.suffix() } }]
}
getMetadata.response = metadataResponse

function cloudDocument({ publicOrigin, suffix }: Context): DocumentOf<typeof cloud> {
  const bareSuffix = suffix().replace(/^\./, '')
  return {
    portal: `${publicOrigin}/portal`,
    authentication: {
      loginEndpoint: String(publicOrigin),
      // az requests tokens for the first one.
      audiences: ['https://management.core.windows.net/', 'https://management.azure.com/'],
      tenant: 'common',
      identityProvider: 'AAD',
    },
    graphAudience: 'https://graph.windows.net/',
    graph: 'https://graph.windows.net/',
    name: 'Acrux',
    suffixes: {
      // az adds the dot before it.
      acrLoginServer: bareSuffix,
      // `az acr show-endpoints` shows `*.blob.` and this suffix; a host of Azure would be misleading.
      storage: bareSuffix,
      keyVaultDns: 'vault.azure.net',
      sqlServerHostname: 'database.windows.net',
    },
    resourceManager: `${publicOrigin}/`,
    gallery: `${publicOrigin}/gallery/`,
    microsoftGraphResourceId: `${publicOrigin}/graph/`,
  }
}
