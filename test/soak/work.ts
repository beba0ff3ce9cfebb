import { randomBytes, randomUUID } from 'node:crypto'
import { arm, armToken, createServicePrincipal, assignRole, expectStatus, registryId, roles } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { pageVisitor } from '../harness/page-visitor.ts'
import { accessToken, basic, exchange, get, pushImage } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'

/** One kind of work: its share of all requests, and what it does once. It throws if a response is not the expected one. */
export type Work = { readonly name: string; readonly share: number; readonly run: () => Promise<unknown> }

const repositories = 200
const layerBytes = 64 * 1024
/** The images that stay: each push deletes the oldest of its repository. */
const maxImages = 500
/** The portal signs in again after so many requests. */
const requestsPerSignIn = 200

const repositoryOf = (number: number): string => `soak/app-${number % repositories}`

/** Creates the kinds of work of a mixed load, for as long as the caller repeats them. */
export async function mixedWork(server: RunningServer): Promise<readonly Work[]> {
  const principal = await createServicePrincipal(server, 'soak')
  for (const role of [roles.acrPush, roles.acrDelete, roles.contributor])
    await assignRole(server, principal.objectId, role, registryId(server))
  const authorization = basic(principal.appId, principal.password)
  const credential = { username: principal.appId, password: principal.password }
  const images: { readonly repository: string; readonly digest: string; readonly layer: string }[] = []
  let pushes = 0

  const push = async (): Promise<void> => {
    const repository = repositoryOf((pushes += 1))
    const layers = [randomBytes(layerBytes)]
    const { digest, layers: pushed } = await pushImage(server, repository, { tag: `v${pushes}`, layers }, authorization)
    images.push({ repository, digest, layer: pushed[0]?.digest ?? '' })
  }
  const anyImage = () => images[Math.floor(Math.random() * images.length)]
  const pull = async (): Promise<void> => {
    const image = anyImage()
    if (image === undefined) return push()
    const { repository, digest, layer } = image
    const token = await accessToken(server, credential, [`repository:${repository}:pull`])
    expectStatus(await get(server, `/v2/${repository}/manifests/${digest}`, `Bearer ${token}`), 200)
    expectStatus(await get(server, `/v2/${repository}/blobs/${layer}`, `Bearer ${token}`), 200)
  }
  // Scopes that no request had before: nothing is cached for them.
  const token = () => accessToken(server, credential, [`repository:soak/${randomUUID()}:pull,push`])
  const remove = async (): Promise<void> => {
    const image = images.length > maxImages ? images.shift() : undefined
    if (image === undefined) return push()
    const { repository, digest } = image
    const url = `${server.baseUrl}/v2/${repository}/manifests/${digest}`
    expectStatus(await request({ method: 'DELETE', url, headers: { authorization }, caFile: server.caFile }), 202)
  }
  const importOne = async (): Promise<void> => {
    const image = images.at(-1)
    if (image === undefined) return push()
    const body = {
      source: { resourceId: registryId(server), sourceImage: `${image.repository}@${image.digest}` },
      targetTags: [`${image.repository}:imported`],
      mode: 'Force',
    }
    expectStatus(await arm(server, 'POST', `${registryId(server)}/importImage`, body), 200, 202)
  }
  const signIn = async () => exchange(server, await armToken(server, principal))
  const list = async (): Promise<void> => {
    const { repository } = anyImage() ?? { repository: repositoryOf(0) }
    expectStatus(await get(server, `/acr/v1/${repository}/_tags?n=100`, authorization), 200, 404)
    expectStatus(await get(server, '/acr/v1/_catalog?n=100', authorization), 200, 401, 403)
  }

  return [
    { name: 'pull', share: 8, run: pull },
    { name: 'token', share: 4, run: token },
    { name: 'push', share: 3, run: push },
    { name: 'delete', share: 3, run: remove },
    { name: 'list', share: 2, run: list },
    { name: 'sign-in', share: 1, run: signIn },
    { name: 'import', share: 1, run: importOne },
    { name: 'portal', share: 2, run: portalWork(server) },
  ]
}

/** Requests of the portal's pages, by a person who signs in again from time to time. */
function portalWork(server: RunningServer): () => Promise<void> {
  const { loginServer, owner } = server.firstRun
  const paths = [
    'session',
    `arm${registryId(server)}?api-version=2025-04-01`,
    `registry/${encodeURIComponent(loginServer)}/acr/v1/_catalog?n=50`,
    'graph/users?$top=10',
  ]
  let cookie = ''
  let count = 0
  return async () => {
    if (count % requestsPerSignIn === 0) {
      const visitor = pageVisitor(server)
      await visitor.signIn(await visitor.open('/portal/sign-in'), owner)
      cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    }
    const path = paths[(count += 1) % paths.length] ?? ''
    const headers = { cookie, 'sec-fetch-site': 'same-origin', 'x-acrux-portal': '1' }
    const url = `${server.baseUrl}/portal/api/${path}`
    expectStatus(await request({ url, headers, caFile: server.caFile }), 200)
  }
}
