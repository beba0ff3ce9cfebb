import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { arm, expectStatus } from '../harness/arm.ts'
import { clientHome, run } from '../harness/clients.ts'
import { freePort } from '../harness/free-port.ts'
import { request } from '../harness/http.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { createCertificate, trustArguments } from '../harness/token-issuer.ts'
import { until } from '../harness/until.ts'
import { step } from '../clients/az/az.ts'
import { githubLogin, gitlabLogin } from '../clients/lib/ci-job.ts'
import { examplesOf, readDocument, root } from '../clients/lib/examples.ts'
import { freePlace, startAcrux } from '../serve/acrux.ts'

const folder = join(root, 'examples')

/** The parser of HashiCorp's language. Its types would declare those of browsers for all files. */
const hclParser: string = '@cdktf/hcl2json'
type HclParser = { parse(name: string, text: string): Promise<{ readonly resource: unknown }> }

const readExample = (file: string): string => readFileSync(join(folder, file), 'utf8')

/** A home whose `acrux` is the program under test. */
function homeWithAcrux() {
  const home = clientHome()
  const program = join(home.path, 'acrux')
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${mainFile} "$@"\n`)
  chmodSync(program, 0o755)
  return { home, env: { ...home.env, PATH: `${home.path}:${home.env['PATH'] ?? ''}` } }
}

test('the table of the examples names every folder', () => {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const named = [...readExample('README.md').matchAll(/^\| \[`([\w-]+)`\]/gm)].map(([, name]) => name)
  assert.deepEqual(new Set(named), new Set(folders.map(({ name }) => name)))
})

step('the pipelines of the examples log in as the pages about CI describe', ['git'], async () => {
  const page = readDocument('docs/how-to/ci.md')
  const workflow = readExample('github-actions/push.yml')
  assert.deepEqual(githubLogin(workflow, {}), githubLogin(examplesOf(page, 'github'), {}))
  const { home } = homeWithAcrux()
  using _home = home
  const pipeline = readExample('gitlab-ci/.gitlab-ci.yml')
  assert.deepEqual(await gitlabLogin(pipeline, home), await gitlabLogin(examplesOf(page, 'gitlab'), home))
})

test('the settings of the Compose file with one server start a server', async () => {
  const service: unknown = at(parse(readExample('compose/compose.yaml')), 'services', 'acrux')
  const variables = at(service, 'environment') as Readonly<Record<string, string>>
  assert.deepEqual(listAt(service, 'ports'), [`443:${variables['ACRUX_LISTEN']?.split(':')[1]}`])
  const [command, flag, dataDir] = listAt(service, 'command')
  assert.deepEqual([command, flag], ['serve', '--data-dir'])
  assert.deepEqual(listAt(service, 'volumes'), [`data:${String(dataDir)}`])
  using place = await freePlace()
  const { ACRUX_LISTEN: _everywhere, ...env } = variables
  await using started = await startAcrux(place.args, { env })
  assert.match(started.stdout(), /contoso/)
  started.signal('SIGTERM')
  assert.equal((await started.ended).code, 0)
})

test('the resources of the Terraform example are accepted as requests', async () => {
  const hcl = (await import(hclParser)) as HclParser
  const { resource } = await hcl.parse('main.tf', readExample('terraform/main.tf'))
  await using server = await startServer()
  const { subscriptionId, resourceGroup } = server.firstRun
  const group = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry`
  const put = async (path: string, body: unknown) =>
    expectStatus(await arm(server, 'PUT', `${group}/registries/${path}?api-version=2025-11-01`, body), 200, 201).json()
  const registry = at(resource, 'azurerm_container_registry', 'team', 0)
  const name = stringAt(registry, 'name')
  const created = await put(name, {
    location: stringAt(registry, 'location'),
    sku: { name: stringAt(registry, 'sku') },
    properties: {},
  })
  assert.match(stringAt(created, 'properties', 'loginServer'), new RegExp(`^${name}\\.`))
  const scopeMap = at(resource, 'azurerm_container_registry_scope_map', 'reader', 0)
  const mapped = await put(`${name}/scopeMaps/${stringAt(scopeMap, 'name')}`, {
    properties: { actions: listAt(scopeMap, 'actions') },
  })
  const token = at(resource, 'azurerm_container_registry_token', 'reader', 0)
  await put(`${name}/tokens/${stringAt(token, 'name')}`, {
    properties: { scopeMapId: stringAt(mapped, 'id'), status: 'enabled' },
  })
})

test('the script of the backup example prints nothing, and fails when the backup is damaged', async () => {
  await using server = await startServer()
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(server, 'team/app', '1', basic(appId, password))
  const { home, env } = homeWithAcrux()
  using _home = home
  const backups = join(home.path, 'backups')
  const script = join(folder, 'backup-cron/backup.sh')
  const backUp = () => run(script, [], { env: { ...env, DATA_DIR: server.dataDir, BACKUP_DIR: backups } })
  for (let night = 0; night < 2; night += 1) {
    const { code, stdout, stderr } = await backUp()
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' })
  }
  const blobs = readdirSync(backups, { recursive: true, encoding: 'utf8' }).filter((file) => /[0-9a-f]{64}$/.test(file))
  const blob = join(backups, blobs[0] ?? '')
  const bytes = readFileSync(blob)
  bytes[0] = (bytes[0] ?? 0) ^ 1
  chmodSync(blob, 0o600)
  writeFileSync(blob, bytes)
  const damaged = await backUp()
  assert.equal(damaged.code, 1)
  assert.match(damaged.stderr, /^The backup is damaged:\n/)
  rmSync(backups, { recursive: true })
})

step(
  'the receiver of webhooks prints each event of a server once, and denies a forged event',
  ['openssl'],
  async () => {
    const { home, env } = homeWithAcrux()
    using _home = home
    const { certFile, keyFile } = await createCertificate(home.path)
    const secretFile = join(home.path, 'secret')
    const port = await freePort()
    const origin = `https://localhost:${port}`
    await using server = await startServer({ args: trustArguments({ caFile: certFile }) })
    const { subscriptionId, resourceGroup, registry } = server.firstRun
    const webhook = `/subscriptions/${subscriptionId}/providers/Acrux.Server/auditWebhooks/siem?api-version=2024-11-01`
    const properties = { serviceUri: `${origin}/`, filter: { actions: ['registry.*'] } }
    const made = expectStatus(await arm(server, 'PUT', webhook, { properties }), 201).json()
    writeFileSync(secretFile, stringAt(made, 'properties', 'secret'))

    const settings = { WEBHOOK_SECRET_FILE: secretFile, TLS_CERT: certFile, TLS_KEY: keyFile, PORT: String(port) }
    const receiver = spawn(process.execPath, [join(folder, 'webhook-receiver/receiver.mjs')], {
      env: { ...env, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await using stack = new AsyncDisposableStack()
    stack.defer(async () => {
      receiver.kill()
      await once(receiver, 'exit')
    })
    let printed = ''
    receiver.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    await once(receiver.stderr, 'data')

    const path = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.ContainerRegistry/registries/${registry}`
    expectStatus(await arm(server, 'PATCH', path, { tags: { value: '1' } }), 200)
    await until('the event is printed', () => printed.endsWith('\n'))
    assert.equal(stringAt(JSON.parse(printed), 'data', 'action'), 'registry.update')

    const forged = { 'webhook-id': '1', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)) }
    for (const signature of ['', 'v1,', `v1,${Buffer.alloc(32).toString('base64')}`]) {
      const headers = { ...forged, 'webhook-signature': signature }
      const denied = await request({ method: 'POST', url: origin, headers, body: '{}', caFile: certFile })
      assert.equal(denied.status, 401)
    }
    assert.equal(printed.trim().split('\n').length, 1)
  },
)
