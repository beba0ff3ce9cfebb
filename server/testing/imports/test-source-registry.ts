import type { IncomingMessage, ServerResponse } from 'node:http'
import { ociImageIndexType, ociImageManifestType } from '@acrux/shared/standards/oci/media-type.ts'
import { digestOf, imageManifest } from '../registry/test-registry.ts'

const config = '{"architecture":"arm64","os":"linux"}'
/** The text of the image's layer. */
export const layer = 'a layer from elsewhere'
/** The manifest that the source registry has. */
export const image = JSON.stringify(imageManifest(config, [layer]))
/** An index of the image alone. */
export const index = JSON.stringify({
  schemaVersion: 2,
  mediaType: ociImageIndexType,
  manifests: [{ mediaType: ociImageManifestType, digest: digestOf(image), size: image.length }],
})
/** Who may pull there. */
export const secret = { username: 'puller', password: 's3cret' }
export const basicSecret = `Basic ${Buffer.from('puller:s3cret').toString('base64')}`

/** The responses of the source registry. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A registry that holds the image, and says what each of its requests brought along. */
export function sourceRegistry(realm: (port: number) => string) {
  const contents: Record<string, readonly [type: string, body: string]> = {
    '/v2/up/app/manifests/v1': [ociImageManifestType, image],
    '/v2/up/app/manifests/multi': [ociImageIndexType, index],
    [`/v2/up/app/manifests/${digestOf(image)}`]: [ociImageManifestType, image],
    [`/v2/up/app/blobs/${digestOf(config)}`]: ['application/octet-stream', config],
    [`/v2/up/app/blobs/${digestOf(layer)}`]: ['application/octet-stream', layer],
  }
  const handle: Handler = (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'https://x')
    if (pathname === '/token') {
      const isKnown = request.headers.authorization === basicSecret
      response.writeHead(isKnown ? 200 : 401).end(isKnown ? '{"token":"t0ken"}' : '{}')
      return
    }
    if (request.headers.authorization !== 'Bearer t0ken') {
      const port = request.socket.localPort ?? 0
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm(port)}",service="up"` }).end()
      return
    }
    const found = contents[pathname]
    if (found === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': found[0] }).end(found[1])
  }
  return { contents, handle }
}
