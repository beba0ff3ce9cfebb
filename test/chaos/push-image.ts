import type { Client } from '../durability/client.ts'
import { contentOf, imageManifest, type ManifestContent, numberedBlob } from '../durability/content.ts'
import type { Random } from '../durability/random.ts'
import { expectStatus } from '../harness/arm.ts'

/** An image of two small blobs that no other has. */
export function someImage(
  random: Random,
): ManifestContent & { readonly parts: readonly ReturnType<typeof numberedBlob>[] } {
  const parts = [1, 2].map(() => numberedBlob(random.integer(1_000, 2 ** 31), random.integer(50, 20_000)))
  const [config, layer] = parts
  if (config === undefined || layer === undefined) throw new Error('an image has two parts')
  return { ...imageManifest(config, [layer]), parts }
}

/** Pushes an image, without a tag or with one. Throws the error of the first request that failed. */
export async function pushImage(
  client: Client,
  repository: string,
  image: ReturnType<typeof someImage>,
  reference: string = image.digest,
): Promise<void> {
  for (const { number, size, digest } of image.parts) {
    const to = `/v2/${repository}/blobs/uploads/?digest=${digest}`
    const headers = { 'content-type': 'application/octet-stream' }
    expectStatus(await client.send({ method: 'POST', to, headers, body: contentOf(number, size) }), 201)
  }
  const to = `/v2/${repository}/manifests/${reference}`
  const headers = { 'content-type': image.mediaType }
  expectStatus(await client.send({ method: 'PUT', to, headers, body: image.bytes }), 201)
}
