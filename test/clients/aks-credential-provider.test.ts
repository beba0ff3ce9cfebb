import assert from 'node:assert/strict'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import {
  assignRole,
  createRegistry,
  createServicePrincipal,
  expectStatus,
  graph,
  registryId,
  roles,
} from '../harness/arm.ts'
import { findProgram, mustRun, requireClient, requireTool } from '../harness/clients.ts'
import { basic, nullGuid, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { createIdentity, startMachine } from '../machines/machine.ts'
import { claimsOf } from './az/az.ts'
import { createKubelet, readProviders, type Answer, type Pod, type Provider } from './lib/kubelet.ts'

const program = 'acr-credential-provider'
const audience = 'api://AzureADTokenExchange'
const annotation = { client: 'kubernetes.azure.com/acr-client-id', tenant: 'kubernetes.azure.com/acr-tenant-id' }

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const kubelet = createKubelet({ SSL_CERT_FILE: server.caFile })
const cleanUp = new AsyncDisposableStack()
cleanUp.use(issuer)
cleanUp.use(server)
cleanUp.use(kubelet)
after(() => cleanUp.disposeAsync())

const { servicePrincipal, tenantId } = server.firstRun
const { loginServer } = await createRegistry(server, 'contoso')
const suffix = loginServer.slice('contoso'.length)
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(onRegistry(server, { loginServer }), 'team/app', '1', owner)
const image = `${loginServer}/team/app:1`

/** False if the plug-in is not given; otherwise it is in the folder of the kubelet. */
function isGiven(t: TestContext): boolean {
  if (!requireTool(t, program) || !requireClient(t, 'skopeo')) return false
  const path = join(kubelet.home.path, 'bin', program)
  if (!isLinked) symlinkSync(findProgram(program) ?? '', path)
  isLinked = true
  return true
}
let isLinked = false
let configurations = 0

/** The plug-in in the configuration of the kubelet, with its own configuration. */
function provider(config: object, more: { env?: Readonly<Record<string, string>>; forPods?: boolean } = {}): Provider {
  const file = join(kubelet.home.path, `azure-${++configurations}.json`)
  writeFileSync(file, JSON.stringify({ tenantId, resourceManagerEndpoint: server.baseUrl, ...config }))
  const entry = {
    name: program,
    matchImages: [`*${suffix}`],
    defaultCacheDuration: '10m',
    apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
    args: [file],
    env: Object.entries(more.env ?? {}).map(([name, value]) => ({ name, value })),
    ...(more.forPods === true && {
      tokenAttributes: {
        serviceAccountTokenAudience: audience,
        requireServiceAccount: true,
        cacheType: 'ServiceAccount',
        requiredServiceAccountAnnotationKeys: Object.values(annotation),
      },
    }),
  }
  const kinds = { apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig' }
  const [only] = readProviders(JSON.stringify({ ...kinds, providers: [entry] }))
  assert.ok(only !== undefined)
  return only
}

/** Requires that the login of the plug-in for a key pulls the image, and returns its password. */
async function pullWith({ auth }: Answer, key: string): Promise<string> {
  const login = auth[key]
  assert.ok(login !== undefined, `${key} is among ${Object.keys(auth).join(', ')}`)
  const creds = `${login.username}:${login.password}`
  const env = { ...kubelet.home.env, SSL_CERT_FILE: server.caFile }
  await mustRun('skopeo', ['inspect', '--creds', creds, `docker://${image}`], { env })
  return login.password
}

test("AKS's credential provider pulls with the token of a service account, which an application trusts", async (t) => {
  if (!isGiven(t)) return
  const application = await createServicePrincipal(server, 'web')
  await assignRole(server, application.objectId, roles.acrPull, registryId(server, 'contoso'))
  const subject = 'system:serviceaccount:team:web'
  const trust = { name: 'cluster', issuer: issuer.origin, subject, audiences: [audience] }
  const collection = `/applications/${application.applicationObjectId}/federatedIdentityCredentials`
  expectStatus(await graph(server, 'POST', collection, trust), 201)
  const podOf = (sub: string): Pod => ({
    token: (aud) => issuer.token({ sub, aud }),
    annotations: { [annotation.client]: application.appId, [annotation.tenant]: 'adfs' },
  })
  const ofPods = provider({ useManagedIdentityExtension: true }, { forPods: true })
  const answer = await kubelet.ask(ofPods, image, podOf(subject))
  assert.equal(answer.auth[loginServer]?.username, nullGuid)
  const password = await pullWith(answer, loginServer)
  assert.partialDeepStrictEqual(claimsOf(password), { appid: application.appId, aud: loginServer })
  const denied = await kubelet.send(ofPods, requestOf(podOf('system:serviceaccount:team:other')))
  assert.notEqual(denied.code, 0)
})

test("AKS's credential provider pulls with a managed identity of the node", async (t) => {
  if (!isGiven(t)) return
  const nodes = await createIdentity(server, 'nodes')
  await assignRole(server, nodes.objectId, roles.acrPull, registryId(server, 'contoso'))
  await using machine = await startMachine(server, 'node-1', [nodes])
  const config = { useManagedIdentityExtension: true, userAssignedIdentityID: nodes.clientId }
  const answer = await kubelet.ask(provider(config, { env: machine.appService }), image)
  assert.partialDeepStrictEqual(claimsOf(await pullWith(answer, loginServer)), { appid: nodes.clientId })
})

test("AKS's credential provider returns the secret of a service principal for every registry with the suffix", async (t) => {
  if (!isGiven(t)) return
  const puller = await createServicePrincipal(server, 'puller')
  await assignRole(server, puller.objectId, roles.acrPull, registryId(server, 'contoso'))
  const answer = await kubelet.ask(provider({ aadClientId: puller.appId, aadClientSecret: puller.password }), image)
  assert.equal(await pullWith(answer, `*${suffix}`), puller.password)
})

function requestOf({ token, annotations }: Pod): string {
  const kinds = { apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderRequest' }
  return JSON.stringify({
    ...kinds,
    image,
    serviceAccountToken: token(audience),
    serviceAccountAnnotations: annotations,
  })
}
