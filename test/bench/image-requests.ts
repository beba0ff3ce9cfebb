import { randomBytes, randomUUID } from 'node:crypto'
import { digestOf } from '../harness/registry.ts'
import type { Request } from './small-answers.ts'

const mediaType = 'application/vnd.oci.image.manifest.v1+json'
const blobTypes = ['application/vnd.oci.image.config.v1+json', 'application/vnd.oci.image.layer.v1.tar']

/** The requests that push a new image of two small blobs, each in one request, under a tag. */
export function imageRequests(repository: string, tag: string = randomUUID()): Request[] {
  const contents = [500, 2_000].map((size) => randomBytes(size).toString('hex'))
  const [config, ...layers] = contents.map((content, index) => {
    return { mediaType: blobTypes[index], digest: digestOf(Buffer.from(content)), size: content.length }
  })
  const blobs = contents.map((body) => ({
    method: 'POST',
    path: `/v2/${repository}/blobs/uploads/?digest=${digestOf(Buffer.from(body))}`,
    headers: { 'content-type': 'application/octet-stream' },
    body,
  }))
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers })
  const path = `/v2/${repository}/manifests/${tag}`
  return [...blobs, { method: 'PUT', path, headers: { 'content-type': mediaType }, body }]
}
