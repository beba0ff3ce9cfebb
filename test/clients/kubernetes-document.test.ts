import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { Secret } from 'kubernetes-models/v1'
import { assignRole, createServicePrincipal, registryId, roles } from '../harness/arm.ts'
import { run } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'
import { step } from './az/az.ts'
import { examplesOf, readDocument, root } from './lib/examples.ts'
import { createKubelet, readProviders } from './lib/kubelet.ts'

const page = readDocument('docs/how-to/kubernetes.md')
const issuer = await startTokenIssuer()
const server = await startServer({ registry: 'contoso', args: trustArguments(issuer) })
const acrux = acruxClient()
const kubelet = createKubelet()
after(async () => {
  acrux[Symbol.dispose]()
  kubelet[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const { loginServer, servicePrincipal, tenantId } = server.firstRun
const programs = join(acrux.home.path, 'programs')
const node = join(acrux.home.path, 'node')
const manifest = join(acrux.home.path, 'manifest.json')
const image = `${loginServer}/team/app`
const pod = { token: (aud: string) => issuer.token({ sub: 'system:serviceaccount:team:web', aud }) }

before(async () => {
  mkdirSync(programs)
  mkdirSync(node)
  writeFileSync(join(programs, 'acrux'), `#!/bin/sh\nexec "${process.execPath}" "${mainFile}" "$@"\n`)
  // There is no cluster: the stand-in keeps what is applied, and prints the token that a cluster would issue.
  const kubectl = `#!/bin/sh\nif [ "$1" = apply ]; then cat > "${manifest}"; else cat "${join(node, 'issued')}"; fi\n`
  writeFileSync(join(programs, 'kubectl'), kubectl)
  for (const name of ['acrux', 'kubectl']) chmodSync(join(programs, name), 0o755)
  writeFileSync(join(node, 'issued'), pod.token(loginServer))
  writeFileSync(join(node, 'ca.pem'), readFileSync(server.caFile))
  await pushImage(server, 'team/app', '1', basic(servicePrincipal.appId, servicePrincipal.password))
  await acrux.text(principalLogin(server), { input: servicePrincipal.password })
})

/** A text of the page, for the server, cluster and node of this test. */
function here(text: string): string {
  return text
    .replaceAll('registry.example.com', loginServer)
    .replaceAll('https://cluster.example.com', issuer.origin)
    .replaceAll('/opt/acrux', node)
    .replaceAll('/var/run/secrets/acrux/token', join(node, 'issued'))
}

async function shell(name: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const script = here(examplesOf(page, name))
  const env = {
    ...acrux.home.env,
    ACRUX_CONFIG_DIR: acrux.configDir,
    PATH: `${programs}:${acrux.home.env['PATH'] ?? ''}`,
    ...variables,
  }
  const ran = await run('bash', ['-euo', 'pipefail', '-c', script], { env, cwd: acrux.home.path })
  assert.equal(ran.code, 0, `${script}\n${ran.stdout}${ran.stderr}`)
  return ran.stdout
}

function providerOf(name: string) {
  const [provider] = readProviders(here(examplesOf(page, name)))
  assert.ok(provider !== undefined)
  return provider
}

/** Pulls with the pull secret that was applied last. */
async function pullApplied(): Promise<void> {
  const secret: unknown = JSON.parse(readFileSync(manifest, 'utf8'))
  new Secret(secret as never).validate()
  assert.equal(stringAt(secret, 'type'), 'kubernetes.io/dockerconfigjson')
  const file = join(acrux.home.path, 'pull.json')
  writeFileSync(file, Buffer.from(stringAt(secret, 'data', '.dockerconfigjson'), 'base64'), { mode: 0o600 })
  const env = { ...acrux.home.env, SSL_CERT_FILE: server.caFile }
  const to = join(acrux.home.path, `pulled-${Math.random()}`)
  const ran = await run('skopeo', ['copy', '--authfile', file, `docker://${image}:1`, `dir:${to}`], { env })
  assert.equal(ran.code, 0, ran.stderr)
}

step('the page on Kubernetes attaches a service account, whose pods then get a login', [], async () => {
  const printed = await shell('attach')
  assert.match(printed, /"roleAssignment": "would be created"/)
  assert.match(printed, /"federatedCredential": "created"/)
  const { auth } = await kubelet.ask(providerOf('service-account-config'), image, pod)
  assert.deepEqual(Object.keys(auth), [loginServer])
  assert.match(await shell('attach-node'), /"roleAssignment": "created"/)
})

step('the configuration of the page on Kubernetes is the one that the manifests install', [], () => {
  const file = readFileSync(`${root}/deploy/kubernetes/credential-provider/credential-provider-config.yaml`, 'utf8')
  assert.ok(file.endsWith(examplesOf(page, 'service-account-config')))
  return Promise.resolve()
})

step('the page on Kubernetes configures a service principal', [], async () => {
  const { appId, password, objectId } = await createServicePrincipal(server, 'nodes')
  await assignRole(server, objectId, roles.acrPull, registryId(server))
  const settings = here(examplesOf(page, 'service-principal-settings'))
    .replace('11111111-2222-4333-8444-555555555555', appId)
    .replace('99999999-2222-4333-8444-555555555555', tenantId)
  writeFileSync(join(node, 'provider.yaml'), settings)
  writeFileSync(join(node, 'secret'), password, { mode: 0o600 })
  const { auth } = await kubelet.ask(providerOf('service-principal-config'), image)
  assert.deepEqual(Object.keys(auth), [loginServer])
})

step('the pull secrets of the page on Kubernetes pull', ['skopeo'], async () => {
  await shell('pull-secret')
  await pullApplied()
  await shell('pull-secret-own')
  await pullApplied()
  const clientId = await acrux.text([
    'identity',
    'show',
    '-g',
    'default',
    '-n',
    'web',
    '--query',
    'clientId',
    '-o',
    'tsv',
  ])
  await shell('pull-secret-workload', { APP_ID: clientId })
  await pullApplied()
})

step('the checks of the page on Kubernetes pass', [], async () => {
  assert.match(await shell('check-acr'), /^ok +blob/m)
  writeFileSync(join(node, 'credential-provider-config.yaml'), here(examplesOf(page, 'service-account-config')))
  assert.match(await shell('check-acr-node'), /^ok +blob/m)
})

step('after the commands of the page on Kubernetes to revoke, a pod gets no login', [], async () => {
  const printed = await shell('detach')
  assert.match(printed, /"federatedCredential": "deleted"/)
  assert.match(printed, /"roleAssignment": "deleted"/)
  await kubelet.fails(providerOf('service-account-config'), /401/, image, pod)
})
