import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from 'node:tls'
import { form, request, type HttpRequest, type HttpResponse } from '../harness/http.ts'
import { codeOf } from '../harness/person.ts'
import type { RunningServer } from '../harness/server.ts'
import { connections, type Role, type Scene } from './fairness-jobs.ts'
import { formKinds, nameOfForm } from './form-kinds.ts'
import { formRequests } from './form-requests.ts'
import { fillFields, fillUrl, measuredRoutes, type RouteKind, withoutOwner } from './route-kinds.ts'

type Once = () => Promise<void>

/** One connection of an attacker: sends its request repeatedly, and reports the responses. */
type Attacker = (scene: Scene, role: Role, tell: (status: number | string) => void) => Once | Promise<Once>

type Attack = { readonly roles: readonly Role[]; readonly attacker: Attacker }

/** A request to every route that is not excluded, by an owner and by callers that are denied. */
const routeAttacks: Readonly<Record<string, Attack>> = Object.fromEntries(
  measuredRoutes().map((kind) => [
    `route ${kind.id}`,
    {
      roles: kind.id in withoutOwner ? ['anonymous'] : ['anonymous', 'owner'],
      attacker: (...context) => routeRequests(kind, ...context),
    },
  ]),
)

/** Every form of the pages, with the values of its page. */
const formAttacks: Readonly<Record<string, Attack>> = Object.fromEntries(
  formKinds.map((kind) => [
    `form ${nameOfForm(kind)}`,
    {
      roles: [kind.sender === undefined ? 'anonymous' : 'account holder'],
      attacker: (scene, _role, tell) => formRequests(kind, scene, nextAgent(), ({ status }) => tell(status)),
    },
  ]),
)

/** The worst requests, and who can send each. */
export const attacks: Readonly<Record<string, Attack>> = {
  ...routeAttacks,
  ...formAttacks,
  'pushes of 16 MiB': { roles: ['reader', 'pusher'], attacker: largePushes },
  'filters of the directory': { roles: ['anonymous', 'owner'], attacker: directoryFilters },
  'TLS handshakes': { roles: ['anonymous'], attacker: handshakes },
  'manifest PUT at its bounds': { roles: ['anonymous', 'reader', 'pusher'], attacker: manifestPut },
  'one-byte PATCHes': { roles: ['anonymous', 'reader', 'pusher'], attacker: oneBytePatches },
  'slow blob readers': { roles: ['anonymous', 'reader'], attacker: slowReaders },
  'own right password': { roles: ['account holder'], attacker: ownPassword },
  'workload tokens, fresh kids': { roles: ['anonymous'], attacker: freshKids },
  '_manifests of the largest index': { roles: ['anonymous', 'reader'], attacker: largestIndex },
  'tag list, largest n': { roles: ['anonymous', 'reader'], attacker: tagList },
  'audit search': { roles: ['anonymous', 'owner'], attacker: auditSearch },
  'repository DELETE': { roles: ['anonymous', 'reader', 'pusher'], attacker: repositoryDelete },
}

type Ask = (method: string, path: string, options?: Partial<HttpRequest>) => Promise<HttpResponse>

/** The connections of the expensive caller, which all kinds use. */
const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
let askers = 0

function nextAgent(): Agent | undefined {
  askers += 1
  return agents[askers % connections]
}

/** Sends requests on one persistent connection. */
function asker({ reached, authorizations }: Scene, role: Role): Ask {
  const agent = nextAgent()
  const authorization = authorizations[role]
  return (method, path, options = {}) =>
    request({
      method,
      url: `${reached.baseUrl}${path}`,
      caFile: reached.caFile,
      ...(agent !== undefined && { agent }),
      ...options,
      headers: { ...(authorization !== undefined && { authorization }), ...options.headers },
    })
}

/** The credential of an owner: a token, a secret or the session of a browser. */
function credentialOf({ reached, armToken, graphToken, ownerBasic, ownerCookie }: Scene, path: string) {
  // The form has the credential.
  if (/^\/\{tenant\}\/oauth2\/.*token$/.test(path)) return {}
  if (path.startsWith('/graph/') || path === '/oidc/userinfo') return { authorization: `Bearer ${graphToken}` }
  if (/^\/(?:v2|acr|oauth2)\//.test(path)) return { authorization: ownerBasic }
  if (!/^\/(?:portal|account|sign-in|sign-out|devicelogin|\{tenant\}\/oauth2\/.*authorize)/.test(path))
    return { authorization: `Bearer ${armToken}` }
  return { cookie: ownerCookie, origin: reached.baseUrl, 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1' }
}

/** What the braces in paths, queries and forms of routes stand for. */
function valuesOf(scene: Scene, role: Role, { method, path }: RouteKind): Record<string, string> {
  const { tenantId, subscriptionId, resourceGroup, registry, loginServer, servicePrincipal } = scene.reached.firstRun
  const { appId, password } = servicePrincipal
  return {
    tenant: tenantId,
    subscriptionId,
    resourceGroup,
    registry,
    loginServer,
    path: path.startsWith('/portal/api/graph') ? 'users' : path.startsWith('/portal/api/arm') ? 'tenants' : 'v2/',
    ...(/^\/(?:v2|acr)\//.test(path) ? contentOf(scene, method, path) : { name: 'worst' }),
    // The largest file of the documents.
    ...(path.startsWith('/docs/') && { file: 'search-index.json' }),
    ...(role === 'owner' && { appId, secret: password, armToken: scene.armToken }),
  }
}

/** The content that a request names. What other kinds need is not deleted. */
function contentOf({ image, indexDigest }: Scene, method: string, path: string): Record<string, string> {
  if (method === 'DELETE') return { name: 'worst/none' }
  if (path.includes('/blobs/{digest}')) return { name: 'team/app', digest: image.blobs[0] ?? '' }
  return { name: 'worst/tags', reference: 'tag-1', digest: indexDigest, tag: 'tag-1' }
}

function bodyOf({ body, form: fields }: RouteKind, values: Readonly<Record<string, string>>) {
  if (fields !== undefined) return form(fillFields(fields, values))
  return body === undefined
    ? undefined
    : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

/** Sends a request to a route, as an owner or without a credential. */
function routeRequests(kind: RouteKind, scene: Scene, role: Role, tell: (status: number) => void) {
  const { method, path } = kind
  const ask = asker(scene, 'owner')
  const values = valuesOf(scene, role, kind)
  const sent = bodyOf(kind, values)
  const headers = { ...(role === 'owner' && credentialOf(scene, path)), ...sent?.headers }
  const url = fillUrl(kind, values)
  return async () => tell((await ask(method, url, { ...sent, headers })).status)
}

function largePushes(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  const body = randomBytes(16 * 1024 * 1024)
  return async () => {
    const { status, headers } = await ask('POST', '/v2/worst/pushes/blobs/uploads/')
    if (status !== 202) return tell(status)
    const path = new URL(headers.location ?? '', scene.reached.baseUrl).pathname
    tell((await ask('PATCH', path, { body })).status)
    await ask('DELETE', path)
  }
}

function directoryFilters(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, 'owner')
  const path = `/graph/v1.0/applications?$filter=${encodeURIComponent("startswith(displayName,'nothing')")}`
  const headers = role === 'owner' ? credentialOf(scene, path) : {}
  return async () => tell((await ask('GET', path, { headers })).status)
}

function handshakes({ reached }: Scene, _role: Role, tell: (status: string) => void) {
  const ca = readFileSync(reached.caFile)
  return async () => {
    const socket = connect({ host: '127.0.0.1', port: reached.port, servername: 'localhost', ca })
    await once(socket, 'secureConnect')
    tell('handshake')
    socket.destroy()
  }
}

function manifestPut(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const annotations = Object.fromEntries(Array.from({ length: 19_000 }, (_, at) => [`key-${at}`, 'x'.repeat(195)]))
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations }))
  return async () => {
    tell((await ask('PUT', '/v2/worst/puts/manifests/1', { headers: { 'content-type': mediaType }, body })).status)
  }
}

function oneBytePatches(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  let path: string | undefined
  return async () => {
    if (path === undefined) {
      const { status, headers } = await ask('POST', '/v2/worst/patches/blobs/uploads/')
      path = status === 202 ? new URL(headers.location ?? '', scene.reached.baseUrl).pathname : undefined
      tell(status)
      return
    }
    const { status } = await ask('PATCH', path, { body: 'x' })
    if (status !== 202) path = undefined
    tell(status)
  }
}

function slowReaders({ reached, authorizations, largeDigest }: Scene, role: Role, tell: (status: string) => void) {
  const ca = readFileSync(reached.caFile)
  const authorization = authorizations[role]
  return async () => {
    const socket = connect({ host: '127.0.0.1', port: reached.port, servername: 'localhost', ca })
    await once(socket, 'secureConnect')
    const credential = authorization === undefined ? '' : `Authorization: ${authorization}\r\n`
    const host = reached.firstRun.loginServer
    socket.write(`GET /v2/worst/large/blobs/${largeDigest} HTTP/1.1\r\nHost: ${host}\r\n${credential}\r\n`)
    tell('reader')
    for (let time = 0; time < 30; time += 1) {
      socket.read(100)
      await sleep(100)
    }
    socket.destroy()
  }
}

function ownPassword({ reached, person }: Scene, _role: Role, tell: (status: string) => void) {
  return async () => {
    const outcome = await codeOf(reached as RunningServer, person, 'openid').then(
      () => 'signed in',
      (error: unknown) => String(error).slice(0, 60),
    )
    tell(outcome)
  }
}

function freshKids(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  const [, claims = '', signature = ''] = scene.assertion.split('.')
  const path = `/${scene.reached.firstRun.tenantId}/oauth2/v2.0/token`
  return async () => {
    const header = Buffer.from(JSON.stringify({ alg: 'RS256', typ: 'JWT', kid: randomUUID() })).toString('base64url')
    const fields = {
      grant_type: 'client_credentials',
      client_id: scene.appId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: `${header}.${claims}.${signature}`,
      scope: 'https://containerregistry.azure.net/.default',
    }
    tell((await ask('POST', path, form(fields))).status)
  }
}

function largestIndex(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  return async () => tell((await ask('GET', `/acr/v1/worst/index/_manifests/${scene.indexDigest}`)).status)
}

function tagList(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  return async () => tell((await ask('GET', '/v2/worst/tags/tags/list?n=100000')).status)
}

function auditSearch(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  const { subscriptionId } = scene.reached.firstRun
  const filter = encodeURIComponent(`principalId eq '${randomUUID()}' and registry eq 'myregistry'`)
  const path = `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditEvents?api-version=2025-01-01&$filter=${filter}`
  const headers = role === 'owner' ? { authorization: `Bearer ${scene.armToken}` } : {}
  return async () => tell((await ask('GET', path, { headers })).status)
}

function repositoryDelete(scene: Scene, role: Role, tell: (status: number) => void) {
  const ask = asker(scene, role)
  const { manifest, mediaType, blobs } = scene.image
  return async () => {
    const name = `worst/${randomBytes(8).toString('hex')}`
    for (const blob of blobs) await ask('POST', `/v2/${name}/blobs/uploads/?mount=${blob}&from=team/app`)
    for (let tag = 0; tag < 3; tag += 1) {
      await ask('PUT', `/v2/${name}/manifests/${tag}`, { headers: { 'content-type': mediaType }, body: manifest })
    }
    tell((await ask('DELETE', `/acr/v1/${name}`)).status)
  }
}
