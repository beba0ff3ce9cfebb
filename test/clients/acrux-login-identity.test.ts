import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { assignRole, registryId, roles } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { createIdentity, startMachine } from '../machines/machine.ts'
import { acruxClient } from './acrux/acrux.ts'
import { claimsOf, step } from './az/az.ts'

const server = await startServer()
const deploy = await createIdentity(server, 'deploy')
const machine = await startMachine(server, 'build-1', [deploy])
const acrux = acruxClient()
after(async () => {
  acrux[Symbol.dispose]()
  await machine[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})
before(async () => {
  for (const { objectId } of [deploy, machine.own]) await assignRole(server, objectId, roles.reader, registryId(server))
})

const { tenantId, resourceManager } = server.firstRun
const { own } = machine

const ways = [
  ['as on a virtual machine', machine.imds, [], own],
  ['as on a virtual machine, by client id', machine.imds, ['--client-id', deploy.clientId], deploy],
  ['as on a virtual machine, by resource id', machine.imds, ['--resource-id', deploy.id], deploy],
  ['as in App Service, by object id', machine.appService, ['--object-id', deploy.objectId], deploy],
  ['as in Azure Machine Learning, by client id', machine.azureMl, ['--client-id', deploy.clientId], deploy],
] as const

for (const [way, variables, selector, identity] of ways) {
  step(`acrux login --identity signs in ${way}`, [], async () => {
    const env = Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
    const login = ['login', '--server', resourceManager, '--ca-file', server.caFile, '--identity', ...selector]
    const [account] = (await acrux.json(login, { env })) as readonly unknown[]
    assert.equal(at(account, 'tenantId'), tenantId)
    assert.equal(stringAt(account, 'user', 'type'), 'servicePrincipal')
    const token = await acrux.text(['account', 'get-access-token', '--query', 'accessToken', '-o', 'tsv'], { env })
    assert.partialDeepStrictEqual(claimsOf(token), { oid: identity.objectId, appid: identity.clientId })
    await acrux.text(['logout'], { env })
  })
}
