import assert from 'node:assert/strict'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { after } from 'node:test'
import { text } from 'node:stream/consumers'
import { serveHttps } from '../harness/token-issuer.ts'
import { step } from './az/az.ts'
import { helperHome } from './lib/credential-helper.ts'

/*
 * The requests of a login at a registry of Azure, field by field. One server stands for login.microsoftonline.com, Azure
 * Resource Manager and the registry. [acr-protocol §2.1, §2.5; az-cli-wire §3.1]
 */
const tenantId = '11111111-1111-4111-8111-111111111111'
const subscriptionId = '22222222-2222-4222-8222-222222222222'
const appId = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'
const registryId = `/subscriptions/${subscriptionId}/resourceGroups/rg1/providers/Microsoft.ContainerRegistry/registries/contoso`

type Answer = { readonly status?: number; readonly body: unknown; readonly headers?: Record<string, string> }

/** The answer to a request; throws for a request that Azure would not answer. */
type Azure = (request: {
  method: string
  url: URL
  form: URLSearchParams
  headers: IncomingMessage['headers']
}) => Answer

let failed = ''

function listener(azure: Azure): (origin: string) => RequestListener {
  return (origin) => (request, response) => void answerAs(azure, origin, request, response)
}

async function answerAs(
  azure: Azure,
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { method = '', headers, url = '' } = request
    const form = new URLSearchParams(await text(request))
    const answer = azure({ method, url: new URL(url, origin), form, headers })
    const type = { 'content-type': 'application/json' }
    response.writeHead(answer.status ?? 200, { ...type, ...answer.headers }).end(JSON.stringify(answer.body))
  } catch (error) {
    failed += `${request.method ?? ''} ${request.url ?? ''}: ${String(error)}\n`
    response.writeHead(500).end()
  }
}

const requests: string[] = []

const azure: Azure = ({ method, url, form, headers }) => {
  requests.push(`${method} ${url.pathname}`)
  const fields = Object.fromEntries(form)
  switch (`${method} ${url.pathname}`) {
    case 'GET /metadata/endpoints':
      assert.equal(url.search, '?api-version=2022-09-01')
      return {
        body: {
          name: 'AzureCloud',
          authentication: { loginEndpoint: url.origin, audiences: ['https://management.core.windows.net/'] },
          resourceManager: `${url.origin}/`,
          suffixes: { acrLoginServer: 'azurecr.io' },
        },
      }
    case `POST /${tenantId}/oauth2/v2.0/token`: {
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded')
      const { scope, ...others } = fields
      const forArm = scope === 'https://management.core.windows.net//.default'
      assert.ok(forArm || scope === 'https://containerregistry.azure.net/.default', String(scope))
      assert.deepEqual(others, { client_id: appId, client_secret: 'S3cret~value', grant_type: 'client_credentials' })
      const token = forArm ? 'arm-token' : 'acr-token'
      return { body: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token } }
    }
    case 'GET /subscriptions':
      assert.equal(headers.authorization, 'Bearer arm-token')
      return { body: { value: [{ subscriptionId, tenantId, displayName: 'Pay-As-You-Go', state: 'Enabled' }] } }
    case `GET /subscriptions/${subscriptionId}/resources`:
      assert.equal(headers.authorization, 'Bearer arm-token')
      assert.equal(url.searchParams.get('$filter'), "resourceType eq 'Microsoft.ContainerRegistry/registries'")
      return { body: { value: [{ id: registryId, name: 'contoso', type: 'Microsoft.ContainerRegistry/registries' }] } }
    case `GET ${registryId}`:
      assert.equal(url.searchParams.get('api-version'), '2025-03-01-preview')
      return { body: { id: registryId, name: 'contoso', properties: { loginServer: url.host, policies: {} } } }
    case 'GET /v2/': {
      assert.equal(headers.authorization, undefined)
      const challenge = `Bearer realm="https://${url.host}/oauth2/token",service="${url.host}"`
      return { status: 401, body: { errors: [] }, headers: { 'www-authenticate': challenge } }
    }
    case 'POST /oauth2/exchange': {
      const known = { grant_type: 'access_token', service: url.host, tenant: tenantId, access_token: 'acr-token' }
      const { scope, expires_in: expiresIn, ...others } = fields
      assert.ok((scope === undefined) === (expiresIn === undefined))
      assert.deepEqual(others, known)
      return { body: { refresh_token: 'refresh-token' } }
    }
    default:
      throw new Error('Azure does not serve it')
  }
}

step('acrux speaks the protocol of a registry of Azure', ['openssl'], async () => {
  await using server = await serveHttps(listener(azure))
  using client = helperHome()
  after(() => assert.equal(failed, ''))
  const register = ['cloud', 'register', '-n', 'azure', '--endpoint-resource-manager', server.origin]
  await client.text([...register, '--ca-file', server.caFile])
  await client.text(['cloud', 'set', '-n', 'azure'])
  const login = ['login', '--service-principal', '-u', appId, '-p', '-', '--tenant', tenantId]
  await client.text(login, { input: 'S3cret~value' })
  const exposed = await client.json(['acr', 'login', '-n', 'contoso', '--expose-token'])
  const { host } = new URL(server.origin)
  const username = '00000000-0000-0000-0000-000000000000'
  assert.deepEqual(exposed, {
    accessToken: 'refresh-token',
    loginServer: host,
    refreshToken: 'refresh-token',
    username,
  })
  await client.text(['acr', 'login', '-n', 'contoso', '--helper'])
  const { stdout } = await client.helper('get', host)
  assert.deepEqual(JSON.parse(stdout), { ServerURL: host, Username: username, Secret: 'refresh-token' })
  assert.equal(failed, '')
  assert.ok(requests.includes('POST /oauth2/exchange'))
  // A registry that ignores the limits would issue a login that is wider than requested.
  const narrow = ['--scope', 'repository:team/app:pull', '--ttl', '15m']
  await client.fails(1, /does not support logins with --scope or --ttl/, [
    'acr',
    'login',
    '-n',
    'contoso',
    '--expose-token',
    ...narrow,
  ])
})
