import assert from 'node:assert/strict'
import type { HttpResponse } from '../harness/http.ts'
import { listAt, stringAt } from '../harness/json.ts'
import type { Call, Caller } from './caller.ts'
import { contentOf, type Content, type Document, mediaTypes } from './content.ts'

/** The codes that a client may get [OCI distribution-spec, Error Codes]. */
const codePattern = /^[A-Z_]+$/

/** Fails, with the whole answer, unless the status is one of those expected. Returns the answer. */
export function expect(response: HttpResponse, ...statuses: number[]): HttpResponse {
  assert.ok(
    statuses.includes(response.status),
    `status ${response.status}, expected ${statuses.join(' or ')}: ${response.text().slice(0, 800)}`,
  )
  return response
}

/** Fails unless the answer is an error document of the form that OCI prescribes, with one of the codes first. */
export function expectError(response: HttpResponse, status: number | readonly number[], ...codes: string[]): void {
  expect(response, ...(typeof status === 'number' ? [status] : status))
  const [first] = listAt(response.json(), 'errors')
  const code = stringAt(first, 'code')
  assert.match(code, codePattern)
  if (codes.length > 0) assert.ok(codes.includes(code), `code ${code}, expected ${codes.join(' or ')}`)
}

/** The header's only value. */
export function header(response: HttpResponse, name: string): string {
  const value = response.headers[name]
  assert.equal(typeof value, 'string', `there is one ${name} header`)
  return String(value)
}

/** Path and query of the Location header, which may be relative. `extra` is added to the query. */
export function location(response: HttpResponse, extra: Record<string, string> = {}): string {
  const url = new URL(header(response, 'location'), 'https://registry.example')
  for (const [name, value] of Object.entries(extra)) url.searchParams.append(name, value)
  return url.pathname + url.search
}

/** Begins an upload and returns the answer, which is 202 with the location of the upload. */
export async function beginUpload(caller: Caller, repository: string, query = ''): Promise<HttpResponse> {
  const begun = expect(await caller.send({ method: 'POST', path: `/v2/${repository}/blobs/uploads/${query}` }), 202)
  assert.ok(location(begun).startsWith(`/v2/${repository}/blobs/uploads/`), header(begun, 'location'))
  return begun
}

/** A PATCH or PUT of an upload. A range makes it a chunk of the whole. */
export function chunkCall(
  method: 'PATCH' | 'PUT',
  path: string,
  body: Buffer,
  range?: { from: number; to: number },
): Call {
  const headers = {
    'content-type': mediaTypes.octets,
    ...(range !== undefined && { 'content-range': `${range.from}-${range.to}` }),
  }
  return { method, path, headers, body }
}

/** Pushes a blob in a POST and a PUT. */
export async function pushBlob(caller: Caller, repository: string, content: Content): Promise<void> {
  const begun = await beginUpload(caller, repository)
  const path = location(begun, { digest: content.digest })
  await expectStored(caller, repository, content, await caller.send(chunkCall('PUT', path, content.bytes)))
}

/** Fails unless the answer is 201 with a location at which the blob can be read at once. */
export async function expectStored(
  caller: Caller,
  repository: string,
  { digest, bytes }: Content,
  response: HttpResponse,
): Promise<void> {
  expect(response, 201)
  assert.equal(header(response, 'docker-content-digest'), digest)
  assert.equal(location(response), `/v2/${repository}/blobs/${digest}`)
  const got = expect(await caller.send({ path: location(response) }), 200)
  assert.ok(got.body.equals(bytes), 'the blob comes back byte for byte')
}

/** Sends a manifest and returns the answer unchecked. `reference` is a tag or a digest, which a query may follow. */
export function putManifest(
  caller: Caller,
  repository: string,
  reference: string,
  { bytes, mediaType, chunked = false }: Pick<Document, 'bytes' | 'mediaType'> & Pick<Call, 'chunked'>,
): Promise<HttpResponse> {
  const headers = { 'content-type': mediaType }
  const path = `/v2/${repository}/manifests/${reference}`
  return caller.send({ method: 'PUT', path, headers, body: bytes, chunked })
}

/**
 * Pushes a manifest by its digest, or by a tag if one is given, and fails unless the returned location then serves
 * the same bytes. Returns the answer to the push.
 */
export async function pushManifest(
  caller: Caller,
  repository: string,
  document: Document,
  tag?: string,
): Promise<HttpResponse> {
  const put = expect(await putManifest(caller, repository, tag ?? document.digest, document), 201)
  assert.equal(header(put, 'docker-content-digest'), document.digest)
  assert.equal(location(put), `/v2/${repository}/manifests/${document.digest}`)
  await expectManifest(caller, repository, document.digest, document)
  if (tag !== undefined) await expectManifest(caller, repository, tag, document)
  return put
}

/** Fails unless GET and HEAD of the reference answer with the document, its type, length and digest. */
export async function expectManifest(
  caller: Caller,
  repository: string,
  reference: string,
  document: Document,
): Promise<void> {
  const path = `/v2/${repository}/manifests/${reference}`
  const headers = { accept: [mediaTypes.index, mediaTypes.manifest] }
  for (const method of ['GET', 'HEAD']) {
    const response = expect(await caller.send({ method, path, headers }), 200)
    assert.equal(header(response, 'content-type'), document.mediaType)
    assert.equal(header(response, 'content-length'), String(document.bytes.length))
    assert.equal(header(response, 'docker-content-digest'), document.digest)
    assert.equal(response.headers['content-encoding'], undefined)
    assert.ok(response.body.equals(method === 'GET' ? document.bytes : Buffer.alloc(0)), `${method} of ${reference}`)
  }
}

/** Pushes a config and a layer of their own and returns them as the fields of an image manifest. */
export async function pushParts(caller: Caller, repository: string): Promise<{ config: object; layers: object[] }> {
  const config = contentOf(JSON.stringify({ architecture: 'amd64', os: 'linux', author: crypto.randomUUID() }))
  const layer = contentOf(`layer ${crypto.randomUUID()}`)
  await pushBlob(caller, repository, config)
  await pushBlob(caller, repository, layer)
  return {
    config: { mediaType: mediaTypes.config, digest: config.digest, size: config.bytes.length },
    layers: [{ mediaType: mediaTypes.layer, digest: layer.digest, size: layer.bytes.length }],
  }
}
