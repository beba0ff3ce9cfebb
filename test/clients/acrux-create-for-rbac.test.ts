import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { after, test } from 'node:test'
import { registryId } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { acruxClient, principalLogin } from './acrux/acrux.ts'

const server = await startServer()
after(() => server[Symbol.asyncDispose]())

const { subscriptionId, tenantId, servicePrincipal, resourceManager } = server.firstRun
const secret = { input: servicePrincipal.password }
const atServer = ['login', '--server', resourceManager, '--ca-file', server.caFile]

test('acrux signs in with the certificate that it created, which only its user can read', async () => {
  using owner = acruxClient(server.caFile)
  await owner.text(principalLogin(server), secret)
  const role = ['--role', 'Reader', '--scopes', registryId(server)]
  const made = await owner.json(['ad', 'sp', 'create-for-rbac', '-n', 'made', '--create-cert', ...role])
  const file = stringAt(made, 'fileWithCertAndPrivateKey')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(at(made, 'password'), null)
  const login = ['--service-principal', '-u', stringAt(made, 'appId'), '--tenant', tenantId, '--certificate', file]
  await owner.text(['logout'])
  const [account] = listAt(await owner.json([...atServer, ...login]))
  assert.partialDeepStrictEqual(account, { user: { name: stringAt(made, 'appId'), type: 'servicePrincipal' } })
})

test('acrux prints the file of the SDKs for a new service principal, whatever the output format', async () => {
  using owner = acruxClient(server.caFile)
  await owner.text(principalLogin(server), secret)
  const made = await owner.json(['ad', 'sp', 'create-for-rbac', '-n', 'sdk', '--json-auth', '-o', 'table'])
  assert.match(stringAt(made, 'clientSecret'), /^\S{30,}$/)
  assert.partialDeepStrictEqual(made, {
    subscriptionId,
    tenantId,
    activeDirectoryEndpointUrl: `https://localhost:${server.port}`,
    resourceManagerEndpointUrl: `https://localhost:${server.port}/`,
    sqlManagementEndpointUrl: null,
  })
})
