import assert from 'node:assert/strict'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { type PushedImage, digestOf, pushBlob, pushImage, putManifest } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { hostile } from './portal-page.ts'

const indexType = 'application/vnd.oci.image.index.v1+json'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** A server, and the value of `Authorization` of a principal that may push to its first registry. */
export type Pusher = { readonly server: RunningServer; readonly authorization: string }

async function pushIndex(
  { server, authorization }: Pusher,
  tag: string,
  images: readonly PushedImage[],
): Promise<void> {
  const architectures = ['amd64', 'arm64']
  const manifests = images.map(({ mediaType, digest, size }, index) => ({
    mediaType,
    digest,
    size,
    platform: { os: 'linux', architecture: architectures[index] },
  }))
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }))
  const put = await putManifest(server, 'team/app', { reference: tag, mediaType: indexType, bytes }, authorization)
  assert.equal(put.status, 201, put.text())
}

/** Begins an upload and sends a part of it. */
export async function beginUpload({ server, authorization }: Pusher, repository: string): Promise<void> {
  const url = `${server.baseUrl}/v2/${repository}/blobs/uploads/`
  const begun = await request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
  const location = new URL(begun.headers.location ?? '', url)
  const headers = { authorization, 'content-type': 'application/octet-stream' }
  const sent = await request({ method: 'PATCH', url: location, headers, body: 'begun', caFile: server.caFile })
  assert.equal(sent.status, 202, sent.text())
}

/** Two images of `team/app`; the first has an SBOM and a signature, and the SBOM has a signature. */
export type Pushed = { readonly first: PushedImage; readonly second: PushedImage }

/** Pushes images, an index, referrers and a part of a blob. Deleted images are kept. */
export async function pushContent(pusher: Pusher): Promise<Pushed> {
  const { server, authorization } = pusher
  const policies = { softDeletePolicy: { status: 'enabled', retentionDays: 7 } }
  expectStatus(await arm(server, 'PATCH', registryId(server), { properties: { policies } }), 200)
  const first = await pushImage(server, 'team/app', '1', authorization)
  const second = await pushImage(server, 'team/app', { tag: '2', architecture: 'arm64' }, authorization)
  await pushIndex(pusher, 'both', [first, second])
  const subject = { mediaType: first.mediaType, digest: first.digest, size: first.size }
  const kinds = { sig: 'application/vnd.cncf.notary.signature', sbom: 'application/spdx+json' }
  const sbom = await pushImage(server, 'team/app', { tag: 'sbom', subject, artifactType: kinds.sbom }, authorization)
  await pushImage(server, 'team/app', { tag: 'sig', subject, artifactType: kinds.sig }, authorization)
  const signed = { mediaType: sbom.mediaType, digest: sbom.digest, size: sbom.size }
  await pushImage(server, 'team/app', { tag: 'sig2', subject: signed, artifactType: kinds.sig }, authorization)
  await pushImage(server, 'other/tool', 'a', authorization)
  await beginUpload(pusher, 'team/app')
  return { first, second }
}

/**
 * Pushes a manifest of exactly 4 MiB with hostile text wherever there can be text, one that is no JSON manifest, and a referrer.
 * Returns the digests of an HTML and an SVG document.
 */
export async function pushHostile({ server, authorization }: Pusher, repository: string): Promise<readonly string[]> {
  const markup = Buffer.from(`<!doctype html><title>x</title>${hostile}`)
  const html = await pushBlob(server, repository, markup, authorization)
  const svg = await pushBlob(
    server,
    repository,
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${hostile}</svg>`),
    authorization,
  )
  const config = await pushBlob(
    server,
    repository,
    Buffer.from(
      JSON.stringify({
        os: hostile,
        architecture: hostile,
        created: hostile,
        config: { Labels: { [hostile]: hostile }, Env: [hostile], Cmd: [hostile], User: hostile },
        history: [{ created: hostile, created_by: hostile }],
      }),
    ),
    authorization,
  )
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType: 'text/html',
    config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [
      { ...html, mediaType: 'text/html' },
      { ...svg, mediaType: 'image/svg+xml' },
    ],
    annotations: { [hostile]: hostile, 'org.opencontainers.image.url': 'javascript:document.title="ran"', padding: '' },
  }
  const maxBytes = 4 * 1024 * 1024
  manifest.annotations.padding = 'x'.repeat(maxBytes - Buffer.byteLength(JSON.stringify(manifest)))
  const large = { reference: 'large', mediaType: manifestType, bytes: Buffer.from(JSON.stringify(manifest)) }
  assert.equal(large.bytes.length, maxBytes)
  expectStatus(await putManifest(server, repository, large, authorization), 201)
  const page = { reference: 'page', mediaType: 'text/html', bytes: Buffer.from(JSON.stringify({ hostile })) }
  expectStatus(await putManifest(server, repository, page, authorization), 201)
  const subject = { mediaType: manifestType, digest: digestOf(large.bytes), size: maxBytes }
  const annotations = { [hostile]: hostile, 'org.opencontainers.image.created': hostile }
  await pushImage(
    server,
    repository,
    { tag: 'evil-sig', subject, artifactType: 'text/html', annotations },
    authorization,
  )
  return [html.digest, svg.digest]
}
