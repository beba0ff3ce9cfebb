import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectStatus } from '../harness/arm.ts'
import { at, stringAt } from '../harness/json.ts'
import { basic, digestOf, pushImage, putManifest } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'

/** Pushes an image of two layers of which the repository holds one, and returns the answer and the digest of the other. */
async function pushSparse(server: RunningServer) {
  const { appId, password } = server.firstRun.servicePrincipal
  const authorization = basic(appId, password)
  const whole = await pushImage(server, 'sparse/app', 'whole', authorization)
  const missing = digestOf(Buffer.from('a layer that nobody pushed'))
  const layers = [...whole.layers, { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: missing, size: 26 }]
  const { mediaType, config } = whole
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers }))
  return {
    answer: await putManifest(server, 'sparse/app', { reference: 'sparse', mediaType, bytes }, authorization),
    missing,
  }
}

test('an image of which the repository lacks a layer is denied, and the layer is named', async () => {
  await using server = await startServer()
  const { answer, missing } = await pushSparse(server)
  const document = expectStatus(answer, 400).json()
  assert.equal(stringAt(document, 'errors', 0, 'code'), 'MANIFEST_BLOB_UNKNOWN')
  assert.deepEqual(at(document, 'errors', 0, 'detail', 'digests'), [missing])
})

test('such an image is accepted where a setting says so', async () => {
  await using server = await startServer({ args: ['--accept-sparse-images'] })
  expectStatus((await pushSparse(server)).answer, 201)
})
