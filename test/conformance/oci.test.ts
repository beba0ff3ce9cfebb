/**
 * The OCI distribution specification in legacy mode, held for a service principal. `sign-ins.test.ts` does so for all others. The
 * sections in brackets are those of [OCI distribution-spec].
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { request } from '../harness/http.ts'
import { listAt } from '../harness/json.ts'
import { registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { bearerCaller, challengeOf } from './caller.ts'
import { expect } from './exchange.ts'
import { testSpecification } from './specification.ts'

const server = await startServer({ args: ['--accept-sparse-images'] })
after(() => server[Symbol.asyncDispose]())

const { appId, password } = server.firstRun.servicePrincipal
testSpecification(bearerCaller(server, 'a service principal', { username: appId, password }))

test('every request without a credential is challenged for the scope that it needs', async () => {
  const repository = 'conformance/nobody'
  const digest = `sha256:${'0'.repeat(64)}`
  const needs = [
    { method: 'GET', path: '/v2/', actions: undefined },
    { method: 'GET', path: `/v2/${repository}/blobs/${digest}`, actions: 'pull' },
    { method: 'HEAD', path: `/v2/${repository}/blobs/${digest}`, actions: 'pull' },
    { method: 'GET', path: `/v2/${repository}/manifests/latest`, actions: 'pull' },
    { method: 'HEAD', path: `/v2/${repository}/manifests/${digest}`, actions: 'pull' },
    { method: 'GET', path: `/v2/${repository}/referrers/${digest}`, actions: 'pull' },
    { method: 'GET', path: `/v2/${repository}/tags/list`, actions: 'metadata_read' },
    { method: 'POST', path: `/v2/${repository}/blobs/uploads/`, actions: 'pull,push' },
    { method: 'GET', path: `/v2/${repository}/blobs/uploads/1`, actions: 'pull,push' },
    { method: 'PATCH', path: `/v2/${repository}/blobs/uploads/1`, actions: 'pull,push' },
    { method: 'PUT', path: `/v2/${repository}/blobs/uploads/1?digest=${digest}`, actions: 'pull,push' },
    { method: 'DELETE', path: `/v2/${repository}/blobs/uploads/1`, actions: 'pull,push' },
    { method: 'PUT', path: `/v2/${repository}/manifests/latest`, actions: 'pull,push' },
    { method: 'DELETE', path: `/v2/${repository}/manifests/${digest}`, actions: 'delete' },
    { method: 'DELETE', path: `/v2/${repository}/blobs/${digest}`, actions: 'delete' },
  ]
  for (const { method, path, actions } of needs) {
    const response = expect(await request({ method, url: registryUrl(server) + path, caFile: server.caFile }), 401)
    const { scope, service, realm } = challengeOf(response)
    assert.equal(scope, actions === undefined ? undefined : `repository:${repository}:${actions}`, `${method} ${path}`)
    assert.equal(service, server.firstRun.loginServer)
    assert.equal(realm, `${registryUrl(server)}/oauth2/token`)
    if (method !== 'HEAD') assert.equal(listAt(response.json(), 'errors').length, 1)
  }
})

test('a large body without a credential is answered, not cut off', async () => {
  const body = Buffer.alloc(3_900_000, 'x')
  for (const method of ['PUT', 'PATCH']) {
    const path = method === 'PUT' ? 'manifests/large' : 'blobs/uploads/1'
    const url = `${registryUrl(server)}/v2/conformance/nobody/${path}`
    challengeOf(expect(await request({ method, url, body, caFile: server.caFile }), 401))
  }
})
