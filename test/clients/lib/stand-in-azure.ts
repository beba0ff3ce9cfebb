import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { serveHttps, type HttpsServer } from '../../harness/token-issuer.ts'
import { startConnectProxy, type ConnectProxy } from './connect-proxy.ts'

const login = 'login.microsoftonline.com'
const arm = 'management.azure.com'

/**
 * A stand-in for Azure, with the parts that `az login` of a program and `az acr login` use, under the names that az
 * has for them.
 */
export interface StandInAzure extends AsyncDisposable {
  /** The certificate by which its names are known. */
  readonly caFile: string
  /** The proxy through which its names lead to it; other names lead nowhere. */
  readonly proxyUrl: string
  readonly requests: readonly string[]
}

/** The requests to the stand-in. */
export interface AzureTenant {
  readonly tenantId: string
  /** Absent if there is none. */
  readonly subscriptionId: string | undefined
  /** The registries that ARM knows, by their names. */
  readonly registries: readonly string[]
  /** An access token for an application, with this audience. */
  readonly token: (clientId: string, audience: string) => string
}

/** The document of a path of ARM, or undefined. [az-cli-wire §2, §4.2] */
function armDocument({ subscriptionId, tenantId, registries }: AzureTenant, path: string): unknown {
  const id = `/subscriptions/${subscriptionId}`
  const type = 'Microsoft.ContainerRegistry/registries'
  const idOf = (name: string): string => `${id}/resourceGroups/azure/providers/${type}/${name}`
  const documentOf = (name: string): object => ({
    id: idOf(name),
    name,
    type,
    location: 'westeurope',
    sku: { name: 'Premium', tier: 'Premium' },
    properties: { loginServer: `${name}.azurecr.io`, provisioningState: 'Succeeded', adminUserEnabled: false },
  })
  if (path === '/tenants') return { value: [{ id: `/tenants/${tenantId}`, tenantId }] }
  const subscription = { id, subscriptionId, tenantId, displayName: 'Contoso', state: 'Enabled' }
  if (path === '/subscriptions') return { value: subscriptionId === undefined ? [] : [subscription] }
  if (subscriptionId === undefined) return undefined
  if (path === `${id}/resources`) return { value: registries.map(documentOf) }
  const name = registries.find((one) => path === idOf(one))
  return name === undefined ? undefined : documentOf(name)
}

/** The responses of the sign-in host to az and MSAL. [az-cli-wire §3] */
async function loginDocument(tenant: AzureTenant, path: string, incoming: IncomingMessage): Promise<unknown> {
  const authority = `https://${login}/${tenant.tenantId}`
  if (path === '/common/discovery/instance') {
    const aliases = { preferred_network: login, preferred_cache: login, aliases: [login] }
    return { tenant_discovery_endpoint: `${authority}/v2.0/.well-known/openid-configuration`, metadata: [aliases] }
  }
  if (path === `/${tenant.tenantId}/v2.0/.well-known/openid-configuration`) {
    return {
      issuer: `${authority}/v2.0`,
      authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
      token_endpoint: `${authority}/oauth2/v2.0/token`,
      device_authorization_endpoint: `${authority}/oauth2/v2.0/devicecode`,
    }
  }
  if (path !== `/${tenant.tenantId}/oauth2/v2.0/token`) return undefined
  const form = new URLSearchParams(await text(incoming))
  const audience = (form.get('scope') ?? '').split(' ')[0]?.replace(/\/\.default$/, '') ?? ''
  return { token_type: 'Bearer', expires_in: 3599, access_token: tenant.token(form.get('client_id') ?? '', audience) }
}

/** Starts the stand-in on the loopback interface. Needs `openssl`. */
export async function startStandInAzure(tenant: AzureTenant): Promise<StandInAzure> {
  const respond = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = decodeURIComponent((incoming.url ?? '').split('?')[0]?.replace(/^\/\//, '/') ?? '')
    const isArm = incoming.headers.host === arm
    const document = isArm ? armDocument(tenant, path) : await loginDocument(tenant, path, incoming)
    const missing = { error: { code: 'SubscriptionNotFound', message: `Nothing was found at '${path}'.` } }
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? missing))
  }
  const answer: RequestListener = (incoming, response) => void respond(incoming, response)
  const server: HttpsServer = await serveHttps(() => answer, [login, arm])
  const port = Number(new URL(server.origin).port)
  const proxy: ConnectProxy = await startConnectProxy((host) => (host === login || host === arm ? port : undefined))
  return {
    caFile: server.caFile,
    proxyUrl: proxy.url,
    requests: server.requests,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
