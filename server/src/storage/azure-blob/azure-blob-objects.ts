import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { ContainerClient, RestError, StoragePipelineOptions } from '@azure/storage-blob'
import { deadline, defaultTimeoutMs } from '../objects/deadline.ts'
import { translating } from '../objects/failed-requests.ts'
import type {
  GetOptions,
  ObjectBody,
  ObjectMetadata,
  ObjectStore,
  SignOptions,
  StoredObject,
  StoredPart,
} from '../objects/object-store.ts'
import type { AzureBlobSettings } from './azure-blob-settings.ts'
import { type UrlSigner, urlSigner } from './sign-url.ts'

const pipelineOptions: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 4000 },
}

const { translated, undefinedIfMissing } = translating((error) => {
  const { code, statusCode, name } = error as RestError
  return {
    isMissing: statusCode === 404 && (code === undefined || code === 'BlobNotFound'),
    isFull: statusCode === 507 || code === 'InsufficientStorage',
    status: statusCode,
    code: code ?? name,
  }
})

/** Opens a container. The SDK is loaded now, because most servers do not need it. */
export async function openAzureBlobObjects(settings: AzureBlobSettings): Promise<ObjectStore> {
  const sdk = await import('@azure/storage-blob')
  const { endpoint, container, credential } = settings
  const url = `${endpoint.replace(/\/$/, '')}/${container}`
  const client =
    credential.kind === 'sas'
      ? new sdk.ContainerClient(`${url}?${credential.token}`, new sdk.AnonymousCredential(), pipelineOptions)
      : new sdk.ContainerClient(
          url,
          credential.kind === 'key'
            ? new sdk.StorageSharedKeyCredential(credential.account, credential.key)
            : credential.credential,
          pipelineOptions,
        )
  return new AzureBlobObjects(client, settings, urlSigner(sdk, settings))
}

class AzureBlobObjects implements ObjectStore {
  readonly description: string
  readonly timeoutMs: number
  #container: ContainerClient
  #prefix: string
  #signer: UrlSigner

  constructor(
    container: ContainerClient,
    { prefix, timeoutMs = defaultTimeoutMs }: AzureBlobSettings,
    signer: UrlSigner,
  ) {
    this.timeoutMs = timeoutMs
    this.#container = container
    this.#prefix = prefix
    this.#signer = signer
    this.description = `azure-blob ${new URL(container.url).origin} ${container.containerName}/${prefix}`
  }

  async put(key: string, bytes: Uint8Array, metadata: ObjectMetadata): Promise<void> {
    await translated(
      this.#blob(key).upload(bytes, bytes.byteLength, {
        metadata: { ...metadata },
        blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
        abortSignal: this.#deadline(bytes.byteLength),
      }),
    )
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const found = await undefinedIfMissing(this.#blob(key).getProperties({ abortSignal: this.#deadline() }))
    if (found === undefined) return undefined
    return { ...propertiesOf(found), sizeBytes: found.contentLength ?? 0 }
  }

  async get(key: string, { range, etag, signal }: GetOptions): Promise<ObjectBody | undefined> {
    const count = range === undefined ? undefined : range.end + 1 - range.start
    const got = await undefinedIfMissing(
      this.#blob(key).download(range?.start ?? 0, count, {
        // A read is continued by its caller, for every store in the same way.
        maxRetryRequests: 0,
        abortSignal: signal,
        ...(etag !== undefined && { conditions: { ifMatch: etag } }),
      }),
    )
    if (got === undefined) return undefined
    const whole = got.contentRange?.split('/').at(1)
    return {
      ...propertiesOf(got),
      sizeBytes: whole === undefined ? (got.contentLength ?? 0) : Number(whole),
      etag: got.etag,
      body: got.readableStreamBody as Readable,
    }
  }

  async delete(key: string): Promise<void> {
    await undefinedIfMissing(this.#blob(key).delete({ abortSignal: this.#deadline() }))
  }

  async *list(prefix: string): AsyncGenerator<string> {
    for await (const { name } of this.#list(prefix, false)) yield name.slice(this.#prefix.length)
  }

  /** Blocks need no beginning: the first block creates the incomplete blob. */
  async beginParts(): Promise<string> {
    return 'blocks'
  }

  /** The name of a block is unique, so that a block of an earlier attempt is never taken for this one. */
  async putPart({ key }: { readonly key: string }, bytes: Uint8Array): Promise<string> {
    const name = randomBytes(18).toString('base64')
    await translated(
      this.#blob(key).stageBlock(name, bytes, bytes.byteLength, { abortSignal: this.#deadline(bytes.byteLength) }),
    )
    return name
  }

  async completeParts(key: string, _token: string, parts: readonly StoredPart[]): Promise<void> {
    const names = parts.map(({ tag }) => tag)
    await translated(
      this.#blob(key).commitBlockList(names, {
        blobHTTPHeaders: { blobContentType: 'application/octet-stream' },
        abortSignal: this.#deadline(),
      }),
    )
  }

  /**
   * Azure deletes uncommitted blocks after a week. Until then they cost money, so an empty blob replaces them and is deleted,
   * unless the blob has been committed since it was listed.
   */
  async abortParts(prefix: string): Promise<void> {
    for await (const { name, sizeBytes } of this.#list(prefix, true)) {
      if (sizeBytes > 0) continue
      const blob = this.#container.getBlockBlobClient(name)
      const ifAbsent = { abortSignal: this.#deadline(), conditions: { ifNoneMatch: '*' } }
      const emptied = await blob.commitBlockList([], ifAbsent).catch(() => undefined)
      if (emptied?.etag === undefined) continue
      const ifUnchanged = { abortSignal: this.#deadline(), conditions: { ifMatch: emptied.etag } }
      await undefinedIfMissing(blob.delete(ifUnchanged))
    }
  }

  async sign(key: string, options: SignOptions): Promise<string | undefined> {
    const { url, name } = this.#blob(key)
    return translated(this.#signer(url, name, options))
  }

  #deadline(sentBytes = 0): AbortSignal {
    return deadline(this.timeoutMs, sentBytes)
  }

  close(): void {}

  async *#list(prefix: string, includeUncommitedBlobs: boolean) {
    const pages = this.#container.listBlobsFlat({ prefix: this.#prefix + prefix, includeUncommitedBlobs })
    const iterator = pages[Symbol.asyncIterator]()
    for (;;) {
      const next = await translated(iterator.next())
      if (next.done === true) return
      const { name, properties } = next.value
      yield { name, sizeBytes: properties.contentLength ?? 0 }
    }
  }

  #blob(key: string) {
    return this.#container.getBlockBlobClient(this.#prefix + key)
  }
}

type Found = { readonly metadata?: Record<string, string>; readonly lastModified?: Date }

function propertiesOf({ metadata, lastModified }: Found) {
  return { metadata: metadata ?? {}, modifiedAtMs: lastModified?.getTime() ?? 0 }
}
