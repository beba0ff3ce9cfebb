import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { assignRole, createServicePrincipal, expectStatus, graph, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { freePlace, runAcrux, startAcrux } from '../serve/acrux.ts'
import { startMachine } from '../machines/machine.ts'
import { step } from './az/az.ts'
import { root } from './lib/examples.ts'
import { createKubelet, readProviders, type Provider } from './lib/kubelet.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const kubelet = createKubelet()
const home = clientHome()
after(async () => {
  home[Symbol.dispose]()
  kubelet[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const { loginServer } = server.firstRun
const folder = join(root, 'deploy/kubernetes')
const examples = join(root, 'examples')

/** The models of Kubernetes, by kind. Each validates by the schema of Kubernetes. */
const models = {
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  ConfigMap: 'v1',
  DaemonSet: 'apps/v1',
  Namespace: 'v1',
  PersistentVolumeClaim: 'v1',
  Pod: 'v1',
  PodDisruptionBudget: 'policy/v1',
  Secret: 'v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  StatefulSet: 'apps/v1',
} as const

type Kind = keyof typeof models

type Model = { readonly [kind: string]: new (document: unknown) => { validate(): void } }

async function build(name: string, within = folder): Promise<readonly unknown[]> {
  const { stdout } = await mustRun('kubectl', ['kustomize', join(within, name)], { env: home.env })
  return parseAllDocuments(stdout).map((each) => each.toJS() as unknown)
}

/** Checks the values by the schemas of Kubernetes, and the names of all fields by its types. */
async function assertValid(documents: readonly unknown[]): Promise<void> {
  const lines: string[] = []
  for (const document of documents) {
    const kind = stringAt(document, 'kind') as Kind
    const version = models[kind]
    assert.equal(stringAt(document, 'apiVersion'), version, kind)
    const { [kind]: model } = (await import(`kubernetes-models/${version}/${kind}`)) as Model
    assert.ok(model !== undefined, kind)
    new model(document).validate()
    const types = `${root}/node_modules/kubernetes-models/${version}/${kind}.js`
    lines.push(`(${JSON.stringify(document)}) satisfies import('${types}').I${kind}`)
  }
  const file = join(home.path, 'manifests.ts')
  writeFileSync(file, `${lines.join(';\n')}\n`)
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'esnext',
    '--types',
    '',
  ]
  await mustRun(join(root, 'node_modules/.bin/tsc'), [...options, file], { env: home.env, cwd: home.path })
}

step('the manifests are valid for Kubernetes', ['kubectl'], async () => {
  const provider = await build('credential-provider')
  assert.deepEqual(provider.map((each) => stringAt(each, 'kind')).toSorted(), [
    'ClusterRole',
    'ClusterRoleBinding',
    'ConfigMap',
    'DaemonSet',
    'Namespace',
  ])
  const samples = await build('kubernetes-pull', examples)
  assert.equal(samples.length, 4)
  await assertValid([...provider, ...samples])
})

/** The seconds that a server with these settings takes to stop, at most. */
function stopSeconds(settings: unknown): number {
  return Number(at(settings, 'drainSeconds')) + Number(at(settings, 'shutdownSeconds')) + 15
}

/**
 * Starts a server with the settings of a deployment, and its secrets in files of the test. Nothing listens at the address of its
 * database, so that settings without an error end with code 18.
 */
async function assertSettings(text: string, secrets: string): Promise<void> {
  using place = await freePlace()
  for (const name of ['master.key', 'database.password']) {
    writeFileSync(join(place.folder, name), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  }
  const here = text.replaceAll(secrets, place.folder).replace(/@postgres[^/]*/, `@127.0.0.1:${await freePort()}`)
  const file = join(place.folder, 'acrux.yaml')
  writeFileSync(file, here)
  const args = ['--config', file, ...place.args]
  if (/^database:/m.test(text)) {
    const ran = await runAcrux(['serve', ...args])
    assert.equal(ran.code, 18, ran.stderr)
    assert.match(ran.stderr, /connection was refused/)
    return
  }
  await using started = await startAcrux(args)
  started.signal('SIGTERM')
}

for (const overlay of ['base', 'replicas'] as const) {
  step(
    `the manifests of the server are valid for Kubernetes, and its settings for the server: ${overlay}`,
    ['kubectl'],
    async () => {
      const documents = await build(`server/${overlay}`)
      const kinds = ['ConfigMap', 'Namespace', 'Service', 'StatefulSet']
      const further = overlay === 'base' ? [] : ['PersistentVolumeClaim', 'PodDisruptionBudget']
      assert.deepEqual(documents.map((each) => stringAt(each, 'kind')).toSorted(), [...kinds, ...further].toSorted())
      await assertValid(documents)
      const ofKind = (kind: Kind) => documents.find((each) => at(each, 'kind') === kind)
      const text = stringAt(ofKind('ConfigMap'), 'data', 'acrux.yaml')
      await assertSettings(text, '/etc/acrux-secrets')
      const pod = at(ofKind('StatefulSet'), 'spec', 'template', 'spec')
      assert.ok(Number(at(pod, 'terminationGracePeriodSeconds')) > stopSeconds(parse(text)))
      assert.equal(at(pod, 'enableServiceLinks'), false, 'its variables would be unknown settings')
      const [container] = listAt(pod, 'containers')
      for (const [probe, path] of [
        ['startupProbe', '/healthz'],
        ['livenessProbe', '/healthz'],
        ['readinessProbe', '/readyz'],
      ] as const) {
        assert.equal(at(container, probe, 'httpGet', 'path'), path)
      }
      const { periodSeconds, failureThreshold = 3 } = at(container, 'readinessProbe') as Record<string, number>
      assert.ok(Number(at(parse(text), 'drainSeconds')) > (periodSeconds ?? 10) * failureThreshold, 'noticed in time')
    },
  )
}

test('the settings of the Compose file are valid, and its servers have the time to stop', async () => {
  const compose = join(examples, 'compose-replicas')
  const text = readFileSync(join(compose, 'acrux.yaml'), 'utf8')
  await assertSettings(text, '/run/secrets')
  const document: unknown = parse(readFileSync(join(compose, 'compose.yaml'), 'utf8'), { merge: true })
  const balancer = readFileSync(join(compose, 'haproxy.cfg'), 'utf8')
  for (const name of ['acrux-1', 'acrux-2', 'acrux-3']) {
    const grace = stringAt(document, 'services', name, 'stop_grace_period')
    assert.ok(Number.parseInt(grace) > stopSeconds(parse(text)), name)
    assert.match(balancer, new RegExp(`server ${name} ${name}:5443`))
  }
})

step('a manifest with an unknown field or a wrong value is not valid', ['kubectl'], async () => {
  const [first] = await build('kubernetes-pull', examples)
  assert.ok(typeof first === 'object' && first !== null)
  await assert.rejects(
    assertValid([{ ...first, automountServiceAccountTokens: false }]),
    /automountServiceAccountTokens/,
  )
  await assert.rejects(assertValid([{ ...first, automountServiceAccountToken: 'no' }]), /automountServiceAccountToken/)
})

/** A configuration of the folder, for the server of this test. */
function providerOf(text: string): Provider {
  const here = text.replaceAll('registry.example.com', loginServer).replaceAll('/opt/acrux/ca.pem', server.caFile)
  const [provider, ...others] = readProviders(here)
  assert.ok(provider !== undefined && others.length === 0)
  return provider
}

step(
  'a pod gets a login with the installed configuration, for the audience that kubelets may request',
  ['kubectl'],
  async () => {
    const documents = await build('credential-provider')
    const ofKind = (kind: Kind) => documents.find((each) => at(each, 'kind') === kind)
    const provider = providerOf(stringAt(ofKind('ConfigMap'), 'data', 'credential-provider-config.yaml'))
    const audience = stringAt(ofKind('ClusterRole'), 'rules', 0, 'resources', 0)
    assert.equal(
      provider.tokenAttributes?.serviceAccountTokenAudience,
      audience.replace('registry.example.com', loginServer),
    )
    const command = listAt(ofKind('DaemonSet'), 'spec', 'template', 'spec', 'initContainers')
    assert.deepEqual(at(command[0], 'command'), [
      '/usr/bin/acrux-credential-provider',
      'install',
      '/node',
      '/files/credential-provider-config.yaml',
      '/files/ca.pem',
    ])
    const subject = 'system:serviceaccount:team:web'
    const { appId, objectId, applicationObjectId } = await createServicePrincipal(server, 'web')
    await assignRole(server, objectId, roles.acrPull, registryId(server))
    const trust = { name: 'cluster', issuer: issuer.origin, subject, audiences: [loginServer] }
    expectStatus(
      await graph(server, 'POST', `/applications/${applicationObjectId}/federatedIdentityCredentials`, trust),
      201,
    )
    const annotations = { 'azure.workload.identity/client-id': appId }
    const pod = { token: (aud: string) => issuer.token({ sub: subject, aud }), annotations }
    const { auth } = await kubelet.ask(provider, `${loginServer}/team/app`, pod)
    assert.deepEqual(Object.keys(auth), [loginServer])
  },
)

test('a node gets a login with the configuration for managed identities', async () => {
  await using machine = await startMachine(server, 'node-1')
  await assignRole(server, machine.own.objectId, roles.acrPull, registryId(server))
  const text = readFileSync(join(folder, 'credential-provider/managed-identity-config.yaml'), 'utf8')
  const provider = providerOf(text.replaceAll('http://127.0.0.1:40342', machine.origin))
  const { auth } = await kubelet.ask(provider, `${loginServer}/team/app`)
  assert.deepEqual(Object.keys(auth), [loginServer])
})

test('only the executable installs itself', async () => {
  const provider = providerOf(readFileSync(join(folder, 'credential-provider/credential-provider-config.yaml'), 'utf8'))
  const to = join(kubelet.home.path, 'node')
  const ran = await kubelet.send({ ...provider, args: ['install', to] }, '')
  if (/\.[cm]?[jt]s$/.test(mainFile)) {
    assert.equal(ran.code, 1)
    assert.match(ran.stderr, /only the single-file executable of acrux can install itself/)
  }
})
