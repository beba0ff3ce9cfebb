import assert from 'node:assert/strict'
import { form, request, type HttpResponse } from '../harness/http.ts'
import { at, stringAt } from '../harness/json.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { azClientId, askToken } from '../harness/person.ts'
import type { RunningServer } from '../harness/server.ts'
import { type Endpoint, endpointsOf } from './endpoints.ts'
import type { Wire } from './wire.ts'

const dataPlane = ['data plane', 'version check', 'data plane by Basic'] as const
const tokenService = [
  'token by Basic',
  'exchange',
  'exchange by refresh token',
  'refresh grant',
  'password grant',
] as const
const provider = [
  'user info',
  'refresh token grant',
  'code grant',
  'device grant',
  'resource owner grant',
  'on behalf of',
  'client secret',
  'client assertion',
  'machine assertion',
  'enrollment',
] as const
const pages = ['session', 'password page', 'device page'] as const

/** The endpoints that take a credential. */
export const endpointNames = [...dataPlane, ...tokenService, 'management', 'directory', ...provider, ...pages] as const

/** The name of an endpoint. */
export type EndpointName = (typeof endpointNames)[number]

/** The principals whose names are sent with the credential. */
export interface EndpointCast {
  readonly server: RunningServer
  readonly wire: Wire
  /** An existing manifest, and the access scope that reads it. */
  readonly path: string
  readonly scope: string
  readonly program: { readonly appId: string }
  /** An application that authenticates with assertions. */
  readonly job: { readonly appId: string }
  readonly machine: { readonly clientId: string }
  /** A person who signs in with only a password. */
  readonly person: { readonly userPrincipalName: string }
  /** The values that belong to the last code. */
  readonly verifier: () => string
  /** The signature of the machine's key that is sent with an enrollment code. */
  readonly enrollmentProof: (code: string) => string
}

/** Asserts that the provider denies a credential with an OAuth error and without a token. */
function assertProviderDenied(response: HttpResponse): void {
  assert.ok([400, 401, 429].includes(response.status), `status ${response.status}`)
  const body = response.json()
  assert.ok(stringAt(body, 'error').length > 0)
  for (const name of ['access_token', 'id_token', 'refresh_token', 'sub', 'keyId'])
    assert.equal(at(body, name), undefined)
}

/** Asserts that an endpoint reports a malformed request, because it takes no such credential. */
function assertMalformedRequest(response: HttpResponse): void {
  assert.equal(response.status, 400)
  assert.equal(stringAt(response.json(), 'errors', 0, 'code'), 'BAD_REQUEST')
}

function providerRequests(cast: EndpointCast): Record<(typeof provider)[number], Endpoint['present']> {
  const { server, program, job, machine, person } = cast
  const redirect_uri = 'http://localhost:36805'
  const scope = 'https://management.core.windows.net//.default'
  const az = { client_id: azClientId, scope: `${scope} openid` }
  const client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
  const asProgram = { grant_type: 'client_credentials', scope }
  const post = (path: string, fields: Record<string, string>): Promise<HttpResponse> =>
    request({ method: 'POST', url: `${server.baseUrl}${path}`, caFile: server.caFile, ...form(fields) })
  return {
    'user info': (token) =>
      request({
        url: `${server.baseUrl}/oidc/userinfo`,
        caFile: server.caFile,
        headers: { authorization: `Bearer ${token}` },
      }),
    'refresh token grant': (token) => askToken(server, { ...az, grant_type: 'refresh_token', refresh_token: token }),
    'code grant': (token) =>
      askToken(server, {
        ...az,
        grant_type: 'authorization_code',
        code: token,
        redirect_uri,
        code_verifier: cast.verifier(),
      }),
    'device grant': (token) =>
      askToken(server, { ...az, grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: token }),
    'resource owner grant': (token) =>
      askToken(server, { ...az, grant_type: 'password', username: person.userPrincipalName, password: token }),
    'on behalf of': (token) =>
      askToken(server, {
        ...az,
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: token,
        requested_token_use: 'on_behalf_of',
      }),
    'client secret': (token) => askToken(server, { ...asProgram, client_id: program.appId, client_secret: token }),
    'client assertion': (token) =>
      askToken(server, { ...asProgram, client_id: job.appId, client_assertion: token, client_assertion_type }),
    'machine assertion': (token) =>
      post(`/${server.firstRun.tenantId}/oauth2/token`, {
        grant_type: 'client_credentials',
        client_id: machine.clientId,
        resource: 'https://management.core.windows.net/',
        client_assertion: token,
        client_assertion_type,
      }),
    enrollment: (token) => post('/common/machines/enroll', { code: token, proof: cast.enrollmentProof(token) }),
  }
}

/** Sends the token as a session cookie, from a browser that the server knows. */
function sessionEndpoint({ server, person }: EndpointCast): Endpoint {
  return {
    name: 'session',
    present: async (token) => {
      const first = await request({ url: `${server.baseUrl}/devicelogin`, caFile: server.caFile })
      const [browser = ''] = first.headers['set-cookie']?.[0]?.split(';') ?? []
      const cookie = `${browser}; __Host-acrux-session=${token}`
      return request({ url: `${server.baseUrl}/account/sign-ins`, caFile: server.caFile, headers: { cookie } })
    },
    // A browser without a session is sent to the sign-in page.
    assertDenied: (response) => {
      assert.equal(response.status, 303)
      assert.match(String(response.headers.location), /^\/sign-in\?flow=/)
      assert.ok(!response.text().includes(person.userPrincipalName))
    },
  }
}

/** The form of a page, filled in with the token. */
function pageEndpoint(
  name: string,
  server: RunningServer,
  path: string,
  fields: (token: string) => Record<string, string>,
): Endpoint {
  return {
    name,
    present: async (token) => {
      const visitor = pageVisitor(server)
      const page = await visitor.open(path)
      if ('location' in page) throw new Error(`${path} leads elsewhere`)
      const next = await visitor.submit(page, fields(token))
      if ('location' in next) throw new Error(`${path} leads elsewhere`)
      const { status, headers, html } = next
      return { status, headers, rawHeaders: [], body: Buffer.from(html), text: () => html, json: () => undefined }
    },
    assertDenied: (response) => {
      assert.ok(response.status >= 400 && response.status < 500, `status ${response.status}`)
      assert.match(String(response.headers['content-type']), /^text\/html/)
      assert.match(response.text(), /role="alert"|<h1>/)
    },
  }
}

/** Every endpoint of a server. */
export function allEndpoints(cast: EndpointCast): Record<EndpointName, Endpoint> {
  const { server, wire, path, scope, person } = cast
  const { loginServer: service } = server.firstRun
  const ofRegistry = endpointsOf(server, wire, { path, scope })
  const ofProvider = Object.entries(providerRequests(cast)).map(([name, present]): [string, Endpoint] => [
    name,
    { name, present, assertDenied: assertProviderDenied },
  ])
  const byRefreshToken = { service, grant_type: 'access_token_refresh_token' }
  const endpoints: readonly Endpoint[] = [
    ...Object.values(ofRegistry),
    {
      name: 'exchange by refresh token',
      present: async (token) => {
        const { body, headers } = form({ ...byRefreshToken, refresh_token: token })
        return wire.send({ method: 'POST', target: '/oauth2/exchange', headers: Object.entries(headers), body })
      },
      assertDenied: assertMalformedRequest,
    },
    ...ofProvider.map(([, endpoint]) => endpoint),
    sessionEndpoint(cast),
    pageEndpoint('password page', server, '/account/sign-ins', (password) => ({
      username: person.userPrincipalName,
      password,
    })),
    pageEndpoint('device page', server, '/devicelogin', (user_code) => ({ user_code })),
  ]
  const byName = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint]))
  assert.deepEqual([...byName.keys()].toSorted(), [...endpointNames].toSorted())
  return Object.fromEntries(byName) as Record<EndpointName, Endpoint>
}
