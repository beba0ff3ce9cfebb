import {
  arm,
  armToken,
  assignRole,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  roles,
  setAnonymousPull,
} from '../harness/arm.ts'
import { stringAt } from '../harness/json.ts'
import { accessToken, basic, digestOf, pushBlob, pushImage, putManifest } from '../harness/registry.ts'
import { request } from '../harness/http.ts'
import { cookieOf } from '../harness/page-visitor.ts'
import type { RunningServer } from '../harness/server.ts'
import type { TokenIssuer } from '../harness/token-issuer.ts'
import type { Scene } from './fairness-jobs.ts'
import { createPeople, signInOwner } from './fairness-people.ts'

const victimCount = 4
const children = 2000
const tags = 5000
const largeBytes = 64 * 1024 * 1024
/** As many events as an audit search examines. */
const events = 20_000

const anonymousScopes = ['index', 'tags', 'large'].map((name) => `repository:worst/${name}:pull,metadata_read`)

const audience = 'api://AzureADTokenExchange'

async function principal(server: RunningServer, name: string, ...roleIds: readonly string[]) {
  const made = await createServicePrincipal(server, name)
  for (const role of roleIds) await assignRole(server, made.objectId, role, registryId(server))
  return { ...made, authorization: basic(made.appId, made.password) }
}

async function pushIndex(server: RunningServer, owner: string): Promise<string> {
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const manifests = Array.from({ length: children }, (_, at) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(Buffer.from(`child ${at}`)),
    size: 1000,
    platform: { architecture: 'amd64', os: 'linux' },
  }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
  expectStatus(await putManifest(server, 'worst/index', { reference: '1', mediaType, bytes }, owner), 201)
  return digestOf(bytes)
}

async function pushTags(server: RunningServer, owner: string): Promise<void> {
  const { manifest, mediaType, digest } = await pushImage(server, 'worst/tags', '1', owner)
  for (let at = 0; at < tags; at += 100) {
    const query = Array.from({ length: 100 }, (_, tag) => `tag=tag-${at + tag}`).join('&')
    expectStatus(
      await putManifest(server, 'worst/tags', { reference: `${digest}?${query}`, mediaType, bytes: manifest }, owner),
      201,
    )
  }
}

async function writeEvents({ baseUrl, caFile }: RunningServer, owner: string, service: string): Promise<void> {
  const query = new URLSearchParams({ service, scope: 'repository:team/app:pull' })
  const { Agent } = await import('node:https')
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const url = `${baseUrl}/oauth2/token?${query.toString()}`
  for (let written = 0; written < events; written += 500) {
    await Promise.all(
      Array.from({ length: 500 }, () => request({ url, agent, caFile, headers: { authorization: owner } })),
    )
  }
  agent.destroy()
}

async function ownerCookie(server: RunningServer): Promise<string> {
  return cookieOf((await signInOwner(server)).cookies)
}

/** Fills a server with all that the worst requests need. */
export async function setScene(server: RunningServer, issuer: TokenIssuer): Promise<Scene> {
  const { firstRun, baseUrl, caFile, port } = server
  const owner = basic(firstRun.servicePrincipal.appId, firstRun.servicePrincipal.password)
  const image = await pushImage(server, 'team/app', '1', owner)
  const large = await pushBlob(server, 'worst/large', Buffer.alloc(largeBytes, 1), owner)
  await pushTags(server, owner)
  const victims = []
  for (let at = 0; at < victimCount; at += 1) victims.push(await principal(server, `other-${at}`, roles.acrPull))
  const reader = await principal(server, 'reader', roles.acrPull)
  const pusher = await principal(server, 'pusher', roles.acrPush, roles.acrDelete)
  const federation = { name: 'worst', issuer: issuer.origin, subject: 'worst', audiences: [audience] }
  const path = `/applications/${reader.applicationObjectId}/federatedIdentityCredentials`
  expectStatus(await graph(server, 'POST', path, federation), 201)
  const password = 'a right password of its own 7'
  const user = {
    accountEnabled: true,
    displayName: 'Worst',
    mailNickname: 'worst',
    userPrincipalName: `worst@${firstRun.owner.userPrincipalName.split('@')[1] ?? ''}`,
    passwordProfile: { password, forceChangePasswordNextSignIn: false },
  }
  const person = expectStatus(await graph(server, 'POST', '/users', user), 201).json()
  await setAnonymousPull(server, true)
  expectStatus(await arm(server, 'GET', registryId(server)), 200)
  const people = await createPeople(server)
  await writeEvents(server, owner, firstRun.loginServer)
  return {
    reached: { firstRun, baseUrl, caFile, port },
    authorizations: {
      anonymous: `Bearer ${await accessToken(server, 'anonymous', anonymousScopes)}`,
      reader: reader.authorization,
      pusher: pusher.authorization,
    },
    victims: victims.map(({ authorization }) => authorization),
    person: { userPrincipalName: stringAt(person, 'userPrincipalName'), password },
    people,
    armToken: await armToken(server),
    graphToken: await armToken(server, firstRun.servicePrincipal, `${baseUrl}/graph//.default`),
    ownerBasic: owner,
    ownerCookie: await ownerCookie(server),
    assertion: issuer.token({ sub: 'worst', aud: audience }),
    appId: reader.appId,
    indexDigest: await pushIndex(server, owner),
    largeDigest: large.digest,
    image: {
      manifest: image.manifest.toString(),
      mediaType: image.mediaType,
      blobs: [image.config.digest, ...image.layers.map(({ digest }) => digest)],
    },
  }
}
