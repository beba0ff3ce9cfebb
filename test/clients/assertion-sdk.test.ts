import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assignRole, expectStatus, graph, principalWithRole, registryId, roles } from '../harness/arm.ts'
import { clientHome, mustRun } from '../harness/clients.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import type { AssertionTask } from './az/assertion-program.ts'
import { claimsOf } from './az/az.ts'

const program = fileURLToPath(new URL('./az/assertion-program.ts', import.meta.url))
const issuer = await startTokenIssuer()
const server = await startServer({ args: trustArguments(issuer) })
const home = clientHome(server.caFile)
after(async () => {
  home[Symbol.dispose]()
  await server[Symbol.asyncDispose]()
  await issuer[Symbol.asyncDispose]()
})

const { servicePrincipal, tenantId, loginServer } = server.firstRun
await pushImage(server, 'samples/hello', '1', basic(servicePrincipal.appId, servicePrincipal.password))
const application = await principalWithRole(server, 'program', roles.acrPull)
await assignRole(server, application.objectId, roles.contributor, registryId(server))
const path = `/applications/${application.applicationObjectId}`
const audience = 'api://AzureADTokenExchange'
const subject = 'system:serviceaccount:team:builder'
const trust = { name: 'cluster', issuer: issuer.origin, subject, audiences: [audience] }
expectStatus(await graph(server, 'POST', `${path}/federatedIdentityCredentials`, trust), 201)

async function sdk(proof: AssertionTask['proof']): Promise<unknown> {
  const { appId: clientId } = application
  const endpoint = `https://${loginServer}`
  const task: AssertionTask = { authorityHost: server.baseUrl, tenantId, clientId, proof, endpoint }
  const input = JSON.stringify(task)
  return JSON.parse((await mustRun(process.execPath, [program], { env: home.env, input })).stdout) as unknown
}

function assertSignedIn(answer: unknown): void {
  assert.deepEqual(at(answer, 'names'), ['samples/hello'], JSON.stringify(answer))
  assert.partialDeepStrictEqual(claimsOf(stringAt(answer, 'token')), { oid: application.objectId, idtyp: 'app' })
}

/** A PEM file with a new certificate and its key. */
async function makeCertificate(name: string): Promise<string> {
  const file = join(home.path, `${name}.pem`)
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${file}.key`, '-out', `${file}.cert`]
  await mustRun('openssl', ['req', '-x509', ...key, '-days', '2', '-subj', `/CN=${name}`], { env: home.env })
  writeFileSync(file, readFileSync(`${file}.key`, 'utf8') + readFileSync(`${file}.cert`, 'utf8'))
  return file
}

test('ClientCertificateCredential signs in, with and without its chain, and another principal’s certificate does not', async () => {
  const file = await makeCertificate('program')
  const der = readFileSync(`${file}.cert`, 'utf8').replaceAll(/-----[A-Z ]+-----|\s/g, '')
  const keyCredentials = [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: der }]
  expectStatus(await graph(server, 'PATCH', path, { keyCredentials }), 204)
  for (const sendChain of [false, true]) assertSignedIn(await sdk({ kind: 'certificate', file, sendChain }))
  const denied = await sdk({ kind: 'certificate', file: await makeCertificate('stranger'), sendChain: true })
  assert.match(stringAt(denied, 'error'), /700027/)
})

test('ClientAssertionCredential signs in with the token of another issuer', async () => {
  assertSignedIn(await sdk({ kind: 'assertion', token: issuer.token({ sub: subject, aud: [audience] }) }))
  const denied = await sdk({ kind: 'assertion', token: issuer.token({ sub: 'another', aud: audience }) })
  assert.match(stringAt(denied, 'error'), /700213/)
})

test('WorkloadIdentityCredential signs in with the token that a cluster keeps in a file', async () => {
  const file = join(home.path, 'token')
  writeFileSync(file, issuer.token({ sub: subject, aud: [audience] }))
  assertSignedIn(await sdk({ kind: 'workload', file }))
})
