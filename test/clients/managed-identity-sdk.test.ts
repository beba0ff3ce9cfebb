import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assignRole, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, putMachine, startMachine } from '../machines/machine.ts'
import { claimsOf } from './az/az.ts'
import type { ManagedIdentityTask } from './az/managed-identity-program.ts'

const program = fileURLToPath(new URL('./az/managed-identity-program.ts', import.meta.url))
const server = await startServer()
const deploy = await createIdentity(server, 'deploy')
const machine = await startMachine(server, 'build-1', [deploy])
const home = clientHome(server.caFile)
after(async () => {
  home[Symbol.dispose]()
  await machine[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
await assignRole(server, deploy.objectId, roles.acrPull, registryId(server))
await assignRole(server, deploy.objectId, roles.contributor, registryId(server))
const { appId, password } = server.firstRun.servicePrincipal
await pushImage(server, 'samples/hello', '1', basic(appId, password))

const scope = 'https://management.azure.com/.default'

/** Runs the SDK in a process of its own, in which the variables are what it finds itself by. */
async function sdk(shape: Readonly<Record<string, string>>, task: ManagedIdentityTask): Promise<unknown> {
  const env = { ...home.env, ...shape }
  return JSON.parse(
    (await mustRun(process.execPath, [program], { env, input: JSON.stringify(task) })).stdout,
  ) as unknown
}

const byResource = { identity: { resourceId: deploy.id } }
const byClient = { identity: { clientId: deploy.clientId } }
const byObject = { identity: { objectId: deploy.objectId } }
const { own } = machine

for (const [shape, variables, selectors] of [
  ['IMDS', machine.imds, [byClient, byObject, byResource]],
  ['App Service', machine.appService, [byClient, byObject, byResource]],
  ['Azure Machine Learning', { ...machine.azureMl, DEFAULT_IDENTITY_CLIENT_ID: own.clientId }, [byClient]],
] as const) {
  test(`ManagedIdentityCredential gets tokens as the machine, and as what is attached to it (${shape})`, async () => {
    const token = await sdk(variables, { scope })
    assert.partialDeepStrictEqual(claimsOf(stringAt(token, 'token')), { oid: own.objectId, appid: own.clientId })
    assert.ok(Number(at(token, 'expiresOnTimestamp')) > Date.now() + 50 * 60_000)
    for (const selector of selectors) {
      const attached = await sdk(variables, { ...selector, scope })
      assert.partialDeepStrictEqual(
        claimsOf(stringAt(attached, 'token')),
        { oid: deploy.objectId },
        JSON.stringify(selector),
      )
    }
  })

  test(`ManagedIdentityCredential reads the registry with @azure/container-registry (${shape})`, async () => {
    const endpoint = `https://${server.firstRun.loginServer}`
    assert.deepEqual(await sdk(variables, { ...byClient, endpoint }), { names: ['samples/hello'] })
  })
}

test('ManagedIdentityCredential learns that an identity is not found', async () => {
  const foreign = await createIdentity(server, 'foreign')
  await putMachine(server, 'other', [foreign])
  const denied = await sdk(machine.imds, { identity: { clientId: foreign.clientId }, scope })
  assert.match(stringAt(denied, 'error'), /Identity not found|invalid_request/i)
})

test('ManagedIdentityCredential learns that its header is wrong', async () => {
  const denied = await sdk({ ...machine.appService, IDENTITY_HEADER: 'x'.repeat(43) }, { scope })
  assert.match(stringAt(denied, 'error'), /AuthenticationError|CredentialUnavailable|401|unauthorized/i)
})
