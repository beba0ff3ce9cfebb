import assert from 'node:assert/strict'
import { after } from 'node:test'
import { arm, assignRole, expectStatus, registryId, roles } from '../harness/arm.ts'
import { form, request } from '../harness/http.ts'
import { stringAt } from '../harness/json.ts'
import { askAccessToken } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { createIdentity } from '../machines/machine.ts'
import { azHome, claimsOf, step, useCloud } from './az/az.ts'
import { secretFile } from '../harness/secret-file.ts'

const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const az = azHome(server.caFile)
after(async () => {
  az[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const audience = 'api://AzureADTokenExchange'
const subject = 'system:serviceaccount:team:builder'
const { loginServer, registry, tenantId } = server.firstRun
const identity = await createIdentity(server, 'builder')
for (const role of [roles.acrPull, roles.reader]) await assignRole(server, identity.objectId, role, registryId(server))
const credential = `${identity.id}/federatedIdentityCredentials/cluster`
const properties = { issuer: issuer.origin, subject, audiences: [audience] }
expectStatus(await arm(server, 'PUT', credential, { properties }), 201)

const login = (token: string) => {
  const proof = ['--federated-token', secretFile(token), '--tenant', tenantId]
  return ['login', '--service-principal', '-u', identity.clientId, ...proof]
}

step('az signs in as a managed identity with the token of a cluster that it trusts', ['az'], async () => {
  await useCloud(az, server)
  await az.fails(1, /AADSTS700213/, ...login(issuer.token({ sub: `${subject}2`, aud: audience })))
  await az.json(...login(issuer.token({ sub: subject, aud: audience })))
  const token = stringAt(await az.json('account', 'get-access-token'), 'accessToken')
  assert.partialDeepStrictEqual(claimsOf(token), { oid: identity.objectId, appid: identity.clientId })
  const exposed = await az.json('acr', 'login', '-n', registry, '--expose-token')
  assert.equal(stringAt(exposed, 'loginServer'), loginServer)
})

step('what the cluster got ends with its federated credential, tokens of the registry too', [], async () => {
  const exchange = () =>
    request({
      method: 'POST',
      url: `https://${loginServer}/oauth2/exchange`,
      caFile: server.caFile,
      ...form({
        grant_type: 'access_token',
        service: loginServer,
        access_token: issuer.token({ sub: subject, aud: audience }),
      }),
    })
  const refreshToken = stringAt(expectStatus(await exchange(), 200).json(), 'refresh_token')
  const scope = 'repository:team/app:pull'
  assert.equal((await askAccessToken(server, { refreshToken }, [scope])).status, 200)
  expectStatus(await arm(server, 'DELETE', credential), 200)
  assert.equal((await askAccessToken(server, { refreshToken }, [scope])).status, 401)
  assert.equal((await exchange()).status, 401)
})
