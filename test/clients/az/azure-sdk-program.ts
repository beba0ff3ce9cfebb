import { Buffer } from 'node:buffer'
import { buffer, text } from 'node:stream/consumers'
import {
  ContainerRegistryClient,
  ContainerRegistryContentClient,
  type ArtifactManifestProperties,
} from '@azure/container-registry'
import { ClientSecretCredential } from '@azure/identity'

/** What the program is to do, as JSON on stdin. Its answer is JSON on stdout. */
export interface SdkTask {
  scenario: keyof typeof scenarios
  endpoint: string
  repository: string
  tag: string
  /** Absent for anonymous access. */
  credential?: { authorityHost: string; tenantId: string; clientId: string; clientSecret: string }
  /** The SDK's own default when absent. */
  audience?: string
  /** Bytes of the blob that `content` uploads. */
  blobSize?: number
}

function credentialOf(task: SdkTask): ClientSecretCredential {
  if (task.credential === undefined) throw new Error('the scenario needs a credential')
  const { tenantId, clientId, clientSecret, authorityHost } = task.credential
  return new ClientSecretCredential(tenantId, clientId, clientSecret, { authorityHost, disableInstanceDiscovery: true })
}

function audienceOf(task: SdkTask): { audience?: string } {
  return task.audience === undefined ? {} : { audience: task.audience }
}

function clientOf(task: SdkTask): ContainerRegistryClient {
  const options = { ...audienceOf(task), retryOptions: { maxRetries: 0 } }
  if (task.credential === undefined) return new ContainerRegistryClient(task.endpoint, options)
  return new ContainerRegistryClient(task.endpoint, credentialOf(task), options)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

async function list(task: SdkTask): Promise<unknown> {
  const client = clientOf(task)
  const pages: string[][] = []
  for await (const page of client.listRepositoryNames().byPage({ maxPageSize: 1 })) pages.push([...page])
  return { names: await all(client.listRepositoryNames()), pages }
}

async function read(task: SdkTask): Promise<unknown> {
  const repository = clientOf(task).getRepository(task.repository)
  const artifact = repository.getArtifact(task.tag)
  return {
    repository: await repository.getProperties(),
    manifests: await all<ArtifactManifestProperties>(
      repository.listManifestProperties({ order: 'LastUpdatedOnDescending' }),
    ),
    tags: await all(artifact.listTagProperties({ order: 'LastUpdatedOnAscending' })),
    tag: await artifact.getTagProperties(task.tag),
    manifest: await artifact.getManifestProperties(),
  }
}

async function update(task: SdkTask): Promise<unknown> {
  const repository = clientOf(task).getRepository(task.repository)
  const artifact = repository.getArtifact(task.tag)
  const lock = { canDelete: false, canWrite: false }
  const open = { canDelete: true, canWrite: true }
  return {
    repository: await repository.updateProperties(lock),
    repositoryAgain: await repository.updateProperties(open),
    tag: await artifact.updateTagProperties(task.tag, lock),
    tagAgain: await artifact.updateTagProperties(task.tag, open),
    manifest: await artifact.updateManifestProperties(lock),
    manifestAgain: await artifact.updateManifestProperties(open),
  }
}

async function content(task: SdkTask): Promise<unknown> {
  const options = { ...audienceOf(task), retryOptions: { maxRetries: 0 } }
  const client = new ContainerRegistryContentClient(task.endpoint, task.repository, credentialOf(task), options)
  const bytes = Buffer.alloc(task.blobSize ?? 0, 'acrux ')
  const layer = await client.uploadBlob(bytes)
  const config = await client.uploadBlob(Buffer.from('{}'))
  const made = await client.setManifest(
    {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.example.config+json', digest: config.digest, size: config.sizeInBytes },
      layers: [{ mediaType: 'application/vnd.example.layer', digest: layer.digest, size: layer.sizeInBytes }],
    },
    { tag: task.tag },
  )
  const byTag = await client.getManifest(task.tag)
  const byDigest = await client.getManifest(made.digest)
  const downloaded = await buffer((await client.downloadBlob(layer.digest)).content)
  await client.deleteManifest(made.digest)
  const gone = await rejectionOf(() => client.getManifest(task.tag))
  await client.deleteBlob(layer.digest)
  const blobGone = await rejectionOf(() => client.downloadBlob(layer.digest))
  return {
    layer,
    digest: made.digest,
    byTag: { digest: byTag.digest, mediaType: byTag.mediaType },
    sameByDigest: byDigest.content.equals(byTag.content),
    sameBytes: downloaded.equals(bytes),
    gone,
    blobGone,
  }
}

async function remove(task: SdkTask): Promise<unknown> {
  const client = clientOf(task)
  const repository = client.getRepository(task.repository)
  const artifact = repository.getArtifact(task.tag)
  const { digest } = await artifact.getManifestProperties()
  await artifact.deleteTag(task.tag)
  const tagGone = await rejectionOf(() => artifact.getTagProperties(task.tag))
  const untagged = await repository.getArtifact(digest).getManifestProperties()
  const tagsLeft = await all(repository.getArtifact(digest).listTagProperties())
  await repository.getArtifact(digest).delete()
  const manifestGone = await rejectionOf(() => repository.getArtifact(digest).getManifestProperties())
  const manifestsLeft = await all<ArtifactManifestProperties>(repository.listManifestProperties())
  await client.deleteRepository(task.repository)
  return { tagGone, untagged, manifestGone, tagsLeft, manifestsLeft, names: await all(client.listRepositoryNames()) }
}

/** The outcomes of every change and every read of a client without the permission. */
async function denied(task: SdkTask): Promise<unknown> {
  const client = clientOf(task)
  const repository = client.getRepository(task.repository)
  const artifact = repository.getArtifact(task.tag)
  return {
    list: await rejectionOf(() => all(client.listRepositoryNames())),
    read: await rejectionOf(() => repository.getProperties()),
    lock: await rejectionOf(() => repository.updateProperties({ canWrite: false })),
    lockTag: await rejectionOf(() => artifact.updateTagProperties(task.tag, { canDelete: false })),
    untag: await rejectionOf(() => artifact.deleteTag(task.tag)),
    delete: await rejectionOf(() => client.deleteRepository(task.repository)),
  }
}

/** How a call was denied: `none`, the status, or the error that was thrown instead of a response. */
async function rejectionOf(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt()
    return 'none'
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error) return error.statusCode
    return String(error)
  }
}

const scenarios = { list, read, update, content, remove, denied }

if (import.meta.main) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the test that starts this program writes its stdin
  const task = JSON.parse(await text(process.stdin)) as SdkTask
  process.stdout.write(JSON.stringify(await scenarios[task.scenario](task)))
}
