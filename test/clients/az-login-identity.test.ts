import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { assignRole, registryId, roles } from '../harness/arm.ts'
import { findProgram } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, startMachine } from '../machines/machine.ts'
import { azHome, claimsOf, step, useCloud, type AzEnvironment } from './az/az.ts'
import { makeImage, pull, push } from './az/podman.ts'

const server = await startServer()
const deploy = await createIdentity(server, 'deploy')
const machine = await startMachine(server, 'build-1', [deploy])
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await machine[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
before(async () => {
  await assignRole(server, deploy.objectId, roles.acrPush, registryId(server))
  await assignRole(server, machine.own.objectId, roles.acrPull, registryId(server))
  for (const { objectId } of [deploy, machine.own]) await assignRole(server, objectId, roles.reader, registryId(server))
  if (findProgram('az') !== undefined) await useCloud(az, server)
})

const { subscriptionId, tenantId, loginServer, registry } = server.firstRun
const { own } = machine

/** Each shape in which az asks, and how it then names the identity. */
const ways: readonly (readonly [string, AzEnvironment, readonly string[], typeof deploy])[] = [
  ['as on a virtual machine, as the machine', machine.imds, [], own],
  ['as on a virtual machine, by client id', machine.imds, ['--client-id', deploy.clientId], deploy],
  ['as on a virtual machine, by object id', machine.imds, ['--object-id', deploy.objectId], deploy],
  ['as on a virtual machine, by resource id', machine.imds, ['--resource-id', deploy.id], deploy],
  ['as in App Service, as the machine', machine.appService, [], own],
  ['as in App Service, by client id', machine.appService, ['--client-id', deploy.clientId], deploy],
  ['as in App Service, by object id', machine.appService, ['--object-id', deploy.objectId], deploy],
  ['as in App Service, by resource id', machine.appService, ['--resource-id', deploy.id], deploy],
  ['as in Azure Machine Learning, as the machine', machine.azureMl, [], own],
  ['as in Azure Machine Learning, by client id', machine.azureMl, ['--client-id', deploy.clientId], deploy],
]

/** Runs az in one of the shapes, and holds that it ends with 0. What it prints is JSON, but for `acr login`. */
async function as(env: AzEnvironment, ...args: readonly string[]): Promise<unknown> {
  const ran = await az.run(args, env)
  assert.equal(ran.code, 0, `az ${args.join(' ')}\n${ran.stderr}`)
  return ran.stdout.trim().startsWith('Login') || ran.stdout.trim() === ''
    ? undefined
    : (JSON.parse(ran.stdout) as unknown)
}

for (const [way, env, selector, identity] of ways) {
  step(`az login --identity signs in ${way}`, ['az'], async () => {
    const accounts = await as(env, 'login', '--identity', ...selector)
    assert.partialDeepStrictEqual(accounts, [{ id: subscriptionId, tenantId, state: 'Enabled' }])
    const token = await as(env, 'account', 'get-access-token')
    const claims = claimsOf(stringAt(token, 'accessToken'))
    assert.partialDeepStrictEqual(claims, { oid: identity.objectId, appid: identity.clientId, tid: tenantId })
    const shown = await as(env, 'acr', 'show', '-n', registry)
    assert.equal(stringAt(shown, 'loginServer'), loginServer)
    await as(env, 'logout')
  })
}

for (const [shape, env] of [
  ['as on a virtual machine', machine.imds],
  ['as in App Service', machine.appService],
] as const) {
  step(`az acr login ${shape} gives podman what it needs to push and to pull`, ['az', 'podman'], async () => {
    await as(env, 'login', '--identity', '--client-id', deploy.clientId)
    const exposed = await as(env, 'acr', 'login', '-n', registry, '--expose-token')
    assert.equal(stringAt(exposed, 'loginServer'), loginServer)
    await as({ ...env, DOCKER_COMMAND: 'podman' }, 'acr', 'login', '-n', registry)
    const image = `${loginServer}/machines/hello:1`
    await makeImage(az.home, 'hello', `pushed ${shape}`)
    const digest = await push(az.home, 'hello', image)
    assert.equal(await pull(az.home, image), digest)
    await as(env, 'logout')
  })
}

step('the identity of the machine may pull and not push', ['az', 'podman'], async () => {
  await as(machine.imds, 'login', '--identity')
  await as({ ...machine.imds, DOCKER_COMMAND: 'podman' }, 'acr', 'login', '-n', registry)
  await pull(az.home, `${loginServer}/machines/hello:1`)
  await makeImage(az.home, 'other', 'not to be pushed')
  await assert.rejects(push(az.home, 'other', `${loginServer}/machines/other:1`), /unauthorized|denied/i)
  await as(machine.imds, 'logout')
})

step('az says that an identity is not found when the machine has no such identity', ['az'], async () => {
  const foreign = await createIdentity(server, 'foreign')
  const ran = await az.run(['login', '--identity', '--client-id', foreign.clientId], machine.imds)
  assert.notEqual(ran.code, 0)
  assert.match(ran.stderr, /Identity not found/)
})

step('az does not sign in with a header that is not the one of the machine', ['az'], async () => {
  const ran = await az.run(['login', '--identity'], { ...machine.appService, IDENTITY_HEADER: 'x'.repeat(43) })
  assert.notEqual(ran.code, 0)
  assert.match(ran.stderr, /401/)
})
