import {
  armToken,
  assignRole,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  graph,
  principalWithRole,
  registryId,
  roles,
  type NewServicePrincipal,
} from '../../harness/arm.ts'
import { request } from '../../harness/http.ts'
import { accessToken, digestOf, exchange, nullGuid, registryUrl } from '../../harness/registry.ts'
import { createScopedToken, putScopeMap } from '../../harness/scoped-tokens.ts'
import { startServer, type RunningServer, type ServerOptions } from '../../harness/server.ts'
import { startTokenIssuer, trustArguments, type TokenIssuer } from '../../harness/token-issuer.ts'

/** A user name and password, as every client takes them. */
export interface Login {
  username: string
  password: string
}

/**
 * Those who may push, pull, list tags and delete, by the way in which they authenticate. All but the last list the
 * catalog.
 */
export const everyone = [
  'the admin account',
  'a service principal',
  'the null GUID',
  'a workload token',
  'a scoped token',
] as const

/** One of `everyone`. */
export type Who = (typeof everyone)[number]

/** A server with one registry on which each kind of principal has its rights. */
export interface UnderTest extends AsyncDisposable {
  readonly server: RunningServer
  /** Login server of the registry, with its port: the first part of every image's name. */
  readonly host: string
  readonly logins: Readonly<Record<Who, Login>>
  /** A service principal that may only pull and list. */
  readonly reader: NewServicePrincipal
  /** The digest of the manifest that the registry serves under a tag or digest; undefined if it has none. */
  digestOf(repository: string, reference: string): Promise<string | undefined>
}

/** The prefix of the names of the repositories that the tests of clients push to. */
const prefixes = ['clients', 'classic', 'containerd']
const permissions = ['content/read', 'content/write', 'content/delete', 'metadata/read', 'metadata/write']

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

async function servedDigest(
  server: RunningServer,
  admin: Login,
  repository: string,
  reference: string,
): Promise<string | undefined> {
  const token = await accessToken(server, admin, [`repository:${repository}:pull`])
  const answer = await request({
    url: `${registryUrl(server)}/v2/${repository}/manifests/${reference}`,
    headers: { authorization: `Bearer ${token}`, accept: manifestTypes },
    caFile: server.caFile,
  })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw new Error(`status ${answer.status}: ${answer.text()}`)
  return digestOf(answer.body)
}

/** Trusts a job's token as the password of an application with these rights. */
async function workloadLogin(server: RunningServer, issuer: TokenIssuer): Promise<Login> {
  const job = await createServicePrincipal(server, 'job')
  for (const role of [roles.acrPush, roles.acrDelete]) {
    await assignRole(server, job.objectId, role, registryId(server))
  }
  const subject = 'repo:octo/app:ref:refs/heads/main'
  const { loginServer } = server.firstRun
  const trust = { name: 'main', issuer: issuer.origin, subject, audiences: [loginServer] }
  const collection = `/applications/${job.applicationObjectId}/federatedIdentityCredentials`
  expectStatus(await graph(server, 'POST', collection, trust), 201)
  return { username: job.appId, password: issuer.token({ sub: subject, aud: loginServer }) }
}

/**
 * Starts a server, or several with `start`, and makes the principals. The refresh token of the null GUID belongs to a
 * second service principal.
 */
export async function startUnderTest(
  options: ServerOptions = {},
  start: (options: ServerOptions) => Promise<RunningServer> = startServer,
): Promise<UnderTest> {
  await using stack = new AsyncDisposableStack()
  const issuer = stack.use(await startTokenIssuer())
  const server = stack.use(await start({ ...options, args: [...(options.args ?? []), ...trustArguments(issuer)] }))
  const admin = await enableAdmin(server)
  const pusher = await createServicePrincipal(server, 'pusher')
  for (const role of [roles.acrPush, roles.acrDelete]) {
    await assignRole(server, pusher.objectId, role, registryId(server))
  }
  const reader = await principalWithRole(server, 'reader', roles.acrPull)
  const refreshToken = await exchange(server, await armToken(server, pusher))
  const actions = prefixes.flatMap((prefix) => permissions.map((each) => `repositories/${prefix}/*/${each}`))
  await putScopeMap(server, 'clients', actions)
  const token = await createScopedToken(server, 'nightly', 'clients')
  const workload = await workloadLogin(server, issuer)
  const whole = stack.move()
  return {
    server,
    host: server.firstRun.loginServer,
    logins: {
      'the admin account': { username: admin.username, password: admin.password },
      'a service principal': { username: pusher.appId, password: pusher.password },
      'the null GUID': { username: nullGuid, password: refreshToken },
      'a workload token': workload,
      'a scoped token': { username: token.username, password: token.password },
    },
    reader,
    digestOf: (repository, reference) => servedDigest(server, admin, repository, reference),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  }
}

/** A repository name for each of `everyone`, so that their tests use different repositories. */
export function repositoryOf(who: string): string {
  return `clients/${who.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
}
