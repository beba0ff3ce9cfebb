import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { arm, expectStatus, graph, principalWithRole, registryId, roles, type ClientSecret } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { serveHttps } from '../harness/token-issuer.ts'
import { acruxClient, principalLogin, type AcruxClient } from './acrux/acrux.ts'

const server = await startServer()
const { registry, loginServer, resourceManager, servicePrincipal, tenantId } = server.firstRun
const owner = acruxClient()
after(async () => {
  owner[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
})
before(() => owner.text(principalLogin(server), { input: servicePrincipal.password }))

/** What a check found, and the exit code of the command. */
type Findings = { readonly code: number | null; readonly of: (check: string) => Finding }
type Finding = { readonly status: string; readonly detail: string; readonly nextStep: string | null }

/** Runs `acrux doctor -o json`. Without programs in the PATH, no clients are checked. */
async function doctor(client: AcruxClient, args: readonly string[], env = { PATH: '/nowhere' }): Promise<Findings> {
  const ran = await client.run(['doctor', '-o', 'json', ...args], { env })
  const all: unknown = ran.stdout === '' ? [] : JSON.parse(ran.stdout)
  const of = (check: string): Finding => {
    const found: unknown = (all as unknown[]).find((each) => at(each, 'check') === check)
    assert.ok(found !== undefined, `no check ${check}: ${ran.stdout}${ran.stderr}`)
    return {
      status: stringAt(found, 'status'),
      detail: stringAt(found, 'detail'),
      nextStep: at(found, 'nextStep') as string | null,
    }
  }
  return { code: ran.code, of }
}

/** Requires that a check failed, with this detail and this next step, and that the command ends with 1. */
async function fails(check: string, detail: RegExp, nextStep: RegExp, ran: Promise<Findings>): Promise<Findings> {
  const findings = await ran
  const found = findings.of(check)
  assert.equal(found.status, 'failed', found.detail)
  assert.match(found.detail, detail)
  assert.match(found.nextStep ?? '', nextStep)
  assert.equal(findings.code, 1)
  return findings
}

async function signedIn({ appId, password }: ClientSecret): Promise<AcruxClient> {
  const client = acruxClient()
  const args = principalLogin(server).map((each) => (each === servicePrincipal.appId ? appId : each))
  await client.text(args, { input: password })
  return client
}

async function repositories(): Promise<string> {
  return owner.text(['acr', 'repository', 'list', '-n', registry, '-o', 'tsv'])
}

test('if all is well, every check succeeds, the exit code is 0, and no repository remains', async () => {
  const { code, of } = await doctor(owner, ['-n', registry])
  const checks = ['names', 'connection', 'certificate', 'clock', 'challenge', 'sign-in', 'exchange', 'token']
  for (const check of [...checks, 'push', 'pull', 'delete']) assert.equal(of(check).status, 'ok', of(check).detail)
  assert.match(of('names').detail, /^localhost is .*127\.0\.0\.1/)
  assert.match(of('certificate').detail, /^issued by .*; valid until 20\d\d-\d\d-\d\d$/)
  assert.match(of('token').detail, /^the token allows delete, pull, push on acrux-doctor\/[0-9a-f]{8}$/)
  assert.equal(code, 0)
  assert.equal(await repositories(), '')
})

test('without an option, the server of the active cloud is checked, and the findings are a table of text', async () => {
  const printed = await owner.text(['doctor'])
  assert.match(printed, /^ok {7}names {2,}localhost is /m)
  assert.match(printed, /^ok {7}delete {2,}the repository \S+ is deleted$/m)
  const table = await owner.text(['doctor', '--no-push', '-o', 'table'])
  assert.match(table, /^Check +Status +Detail/m)
})

test('with --repository, only the image is deleted', async () => {
  await pushImage(server, 'team/app', 'v1', basic(servicePrincipal.appId, servicePrincipal.password))
  const { code, of } = await doctor(owner, ['-n', registry, '--repository', 'team/app'])
  assert.equal(of('delete').detail, 'the image is deleted')
  assert.equal(code, 0)
  const manifests = await owner.json(['acr', 'manifest', 'list-metadata', '-r', registry, '-n', 'team/app'])
  assert.equal((manifests as unknown[]).length, 1)
  await owner.text(['acr', 'repository', 'delete', '-n', registry, '--repository', 'team/app', '--yes'])
})

test('a name that does not exist is reported', async () => {
  const url = `https://${'a'.repeat(64)}.example.com`
  const direct = { PATH: '/nowhere', HTTPS_PROXY: '', https_proxy: '' }
  const { of } = await fails(
    'names',
    /the host name/,
    /DNS or to \/etc\/hosts/,
    doctor(owner, ['--server', url], direct),
  )
  assert.equal(of('connection').status, 'skipped')
})

test('a server that does not run is reported', async () => {
  const url = `https://localhost:${await freePort()}`
  const ran = doctor(owner, ['--server', url])
  const { of } = await fails('connection', /does not respond: the connection was refused/, /acrux health/, ran)
  assert.equal(of('sign-in').status, 'skipped')
})

test('a server that does not speak TLS is reported', async () => {
  const plain = createServer((_, response) => response.end())
  plain.listen(0, '127.0.0.1')
  await once(plain, 'listening')
  const { port } = plain.address() as AddressInfo
  try {
    const ran = doctor(owner, ['--server', `https://localhost:${port}`])
    await fails('connection', /does not speak TLS/, /clients need HTTPS/, ran)
  } finally {
    plain.close()
  }
})
test('an unknown authority is reported with the command that shows its fingerprint', async () => {
  using stranger = acruxClient()
  const ran = doctor(stranger, ['--server', resourceManager])
  const nextStep = new RegExp(`acrux login --server ${resourceManager}`)
  await fails('certificate', /untrusted certificate authority/, nextStep, ran)
})

test('a wrong authority is reported', async () => {
  await using other = await serveHttps(() => () => undefined)
  const ran = doctor(owner, ['--server', resourceManager, '--ca-file', other.caFile])
  const { of } = await fails('certificate', /untrusted certificate authority/, /--ca-file FILE/, ran)
  assert.equal(of('sign-in').status, 'skipped')
})

/** Answers as a registry whose token service is at `realm`, at a time of its own. */
function challenge(response: ServerResponse, realm: string, date = new Date()): void {
  response.writeHead(401, {
    date: date.toUTCString(),
    'www-authenticate': `Bearer realm="${realm}/oauth2/token",service="${new URL(realm).host}"`,
  })
  response.end('{}')
}

test('an expired certificate is reported', async () => {
  const validity = ['-not_before', '20200101000000Z', '-not_after', '20200201000000Z']
  await using expired = await serveHttps(
    (origin) => (_, response) => challenge(response, origin),
    ['localhost'],
    validity,
  )
  const ran = doctor(owner, ['--server', expired.origin, '--ca-file', expired.caFile])
  await fails('certificate', /has expired/, /must renew the certificate/, ran)
})

test('a certificate for another name is reported with its names', async () => {
  const names = ['registry.example.com']
  await using other = await serveHttps((origin) => (_, response) => challenge(response, origin), names)
  const ran = doctor(owner, ['--server', other.origin, '--ca-file', other.caFile])
  await fails('certificate', /for registry\.example\.com, not for localhost/, /set publicHost/, ran)
})

test('a difference of the clocks is reported', async () => {
  const late = new Date(Date.now() - 3_600_000)
  await using other = await serveHttps((origin) => (_, response) => challenge(response, origin, late))
  const ran = doctor(owner, ['--server', other.origin, '--ca-file', other.caFile])
  await fails('clock', /this machine is 3(?:59\d|60\d) s ahead of the clock of the server/, /timedatectl/, ran)
})

test('a token service at another host is reported', async () => {
  await using other = await serveHttps(() => (_, response) => challenge(response, 'https://internal.example.com'))
  const ran = doctor(owner, ['--server', other.origin, '--ca-file', other.caFile])
  await fails('challenge', /names internal\.example\.com as its token service/, /publicHost/, ran)
})

test('a host without a registry is reported', async () => {
  await using other = await serveHttps(() => (_, response) => response.writeHead(404).end())
  const ran = doctor(owner, ['--server', other.origin, '--ca-file', other.caFile])
  await fails('challenge', /returned 404, without a Bearer challenge/, /acrux acr list/, ran)
})

test('network rules that deny this machine are reported', async () => {
  const rules = (defaultAction: string) => ({ properties: { networkRuleSet: { defaultAction, ipRules: [] } } })
  expectStatus(await arm(server, 'PATCH', registryId(server), rules('Deny')), 200)
  try {
    await fails('challenge', /denies this address/, /networkRuleSet/, doctor(owner, ['-n', registry]))
  } finally {
    expectStatus(await arm(server, 'PATCH', registryId(server), rules('Allow')), 200)
  }
})

test('a missing sign-in is reported', async () => {
  using stranger = acruxClient()
  const ran = doctor(stranger, ['--server', resourceManager, '--ca-file', server.caFile])
  await fails('sign-in', /nobody is signed in/, /acrux login --server/, ran)
})

test('a revoked sign-in is reported with the message of the server', async () => {
  const principal = await principalWithRole(server, 'revoked', roles.acrPush)
  using client = await signedIn(principal)
  expectStatus(await graph(server, 'DELETE', `/applications/${principal.applicationObjectId}`), 204)
  const findings = await fails('sign-in', /AADSTS700016/, /acrux login/, doctor(client, ['-n', registry]))
  assert.equal(findings.of('exchange').status, 'skipped')
})

test('a missing permission to push is reported, and --no-push skips the check', async () => {
  using client = await signedIn(await principalWithRole(server, 'reader', roles.acrPull))
  await fails(
    'push',
    /permission to push is missing on acrux-doctor\//,
    /AcrPush.*--repository.*--no-push/,
    doctor(client, []),
  )
  const skipped = await doctor(client, ['--no-push'])
  assert.equal(skipped.of('push').status, 'skipped')
  assert.equal(skipped.of('token').status, 'ok')
  assert.equal(skipped.code, 0)
})

test('without the permission to delete, no image is pushed', async () => {
  using client = await signedIn(await principalWithRole(server, 'pusher', roles.acrPush))
  const { code, of } = await doctor(client, [])
  assert.equal(of('push').status, 'skipped')
  assert.match(of('push').detail, /permission to push exists; without the permission to delete/)
  assert.equal(code, 0)
  assert.equal(await repositories(), '')
})

/** A PATH with one program, which prints a text. */
function pathWith(client: AcruxClient, name: string, prints: string): string {
  const bin = join(client.home.path, `bin-${name}`)
  mkdirSync(bin)
  writeFileSync(join(bin, name), `#!/bin/sh\necho '${prints}'\n`, { mode: 0o755 })
  return bin
}

test('a client that is too old is reported, and one that does not trust the server is a warning', async () => {
  const old = { PATH: pathWith(owner, 'docker', 'Docker version 1.13.1, build 092cba3') }
  await fails('docker', /^1\.13\.1 is too old/, /install docker 17\.7 or newer/, doctor(owner, [], old))
  const { code, of } = await doctor(owner, [], { PATH: pathWith(owner, 'podman', 'podman version 5.4.2') })
  assert.deepEqual([of('podman').status, code], ['warning', 0])
  assert.match(of('podman').detail, /^5\.4\.2; podman does not trust the certificate authority of localhost:\d+$/)
  assert.match(of('podman').nextStep ?? '', new RegExp(`acrux trust ${loginServer} --podman`))
})

test('a credential helper that is not installed is reported', async () => {
  using client = acruxClient()
  await client.text(principalLogin(server), { input: servicePrincipal.password })
  const file = join(client.home.path, 'docker/config.json')
  writeFileSync(file, '{}')
  const none = await doctor(client, [])
  assert.match(none.of('credential helper').detail, new RegExp(`acrux acr login -n ${loginServer} --helper$`))
  writeFileSync(file, JSON.stringify({ credHelpers: { [loginServer]: 'acrux' } }))
  await fails(
    'credential helper',
    /names the program docker-credential-acrux, which is not/,
    /install this program/,
    doctor(client, []),
  )
  const installed = await doctor(client, [], { PATH: pathWith(client, 'docker-credential-acrux', '') })
  assert.deepEqual([installed.of('credential helper').status, installed.code], ['ok', 0])
})

test('acrux doctor shows no secrets, also with --debug', async () => {
  const ran = await owner.run(['doctor', '-n', registry, '--debug'])
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(ran.stderr, /debug: POST .*oauth2\/token 200/)
  for (const text of [ran.stdout, ran.stderr]) {
    assert.ok(!text.includes(servicePrincipal.password))
    assert.doesNotMatch(text, /eyJ[\w-]{10,}/)
  }
  assert.ok(ran.stdout.includes(tenantId))
})

test('acrux doctor of Azure without a registry says what to name', async () => {
  using stranger = acruxClient()
  await stranger.fails(1, /AzureCloud is not an Acrux server/, ['doctor'])
  await stranger.fails(2, /cannot be combined/, ['doctor', '-n', registry, '--server', resourceManager])
})
