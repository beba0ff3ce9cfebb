import type { Readable } from 'node:stream'
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { StorageUnavailableError } from '../contract/errors.ts'
import { deadline, defaultTimeoutMs } from '../objects/deadline.ts'
import { translating } from '../objects/failed-requests.ts'
import { renewedObjects } from '../objects/renewed-objects.ts'
import type {
  GetOptions,
  ObjectBody,
  ObjectMetadata,
  ObjectStore,
  SignOptions,
  StoredObject,
  StoredPart,
} from '../objects/object-store.ts'

/** A bucket. Credentials come from the environment, a profile, a web identity or the metadata service. [AWS SDK, default provider chain] */
export type S3Settings = {
  readonly bucket: string
  readonly region: string
  /** The address of another service than Amazon's. */
  readonly endpoint: string | undefined
  /** Whether the bucket is in the path of URLs, instead of their host. */
  readonly pathStyle: boolean
  /**
   * Which requests carry a checksum: all that can, or those that must. Some services support none of the checksums.
   *
   */
  readonly checksums: 'when-supported' | 'when-required'
  /** Before each key; empty or ending with a slash. */
  readonly prefix: string
  readonly timeoutMs?: number
}

type Sdk = typeof import('@aws-sdk/client-s3')

const missingNames = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload'])

/** The names that services give to exhausted quotas. [Ceph, RGW errors; MinIO error codes] */
const fullNames = new Set(['QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage', 'InsufficientCapacity'])

const { translated, undefinedIfMissing } = translating((error) => {
  const { name, $metadata } = error as S3ServiceException
  const status = $metadata?.httpStatusCode
  return {
    isMissing: missingNames.has(name) || (status === 404 && name !== 'NoSuchBucket'),
    isFull: fullNames.has(name) || status === 507,
    status,
    code: name,
  }
})

const maxAttempts = 4
const maxSockets = 1024

/** Opens a bucket. The SDK is loaded now, because most servers do not need it. */
export async function openS3Objects(settings: S3Settings): Promise<ObjectStore> {
  const sdk = await import('@aws-sdk/client-s3')
  return new S3Objects(sdk, openClient(sdk, settings), settings)
}

/**
 * Opens a bucket whose credentials may be replaced in their file while the server runs. The SDK itself replaces
 * credentials that expire, and keeps all others.
 */
export async function openRenewedS3Objects(settings: S3Settings): Promise<ObjectStore> {
  const sdk = await import('@aws-sdk/client-s3')
  const client = openClient(sdk, settings)
  const first = new S3Objects(sdk, client, settings)
  // Without credentials, each request fails with the reason.
  let known = await client.config.credentials().catch(() => undefined)
  if (known?.expiration !== undefined) return first
  const renew = async () => {
    const next = openClient(sdk, settings)
    const found = await next.config.credentials().catch(() => undefined)
    if (found === undefined || isSameCredential(found, known)) {
      next.destroy()
      return undefined
    }
    known = found
    return new S3Objects(sdk, next, settings)
  }
  return renewedObjects(first, { renew })
}

type Credential = Awaited<ReturnType<S3Client['config']['credentials']>>

function isSameCredential(one: Credential, other: Credential | undefined): boolean {
  return (
    one.accessKeyId === other?.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  )
}

function openClient(sdk: Sdk, settings: S3Settings): S3Client {
  const checksums = settings.checksums === 'when-supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED'
  const options = {
    // The configuration is also that of the default chain of credentials, which otherwise reads each file once per process.
    ignoreCache: true,
    region: settings.region,
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
    forcePathStyle: settings.pathStyle,
    requestChecksumCalculation: checksums,
    // Clients verify what they pull, and this server what it scrubs.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts,
    requestHandler: {
      connectionTimeout: 5000,
      httpAgent: { maxSockets },
      httpsAgent: { maxSockets },
    },
  } as const
  const client = new sdk.S3Client(options)
  signWithoutHash(client)
  return client
}

/**
 * By default, the SDK hashes the bytes of a part for the signature of its request, a tenth of the work of an upload. TLS protects
 * the bytes as well. [Amazon S3, Signature Version 4, UNSIGNED-PAYLOAD, which Amazon's SDK for Python sends over TLS]
 */
function signWithoutHash(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { protocol: string; body?: unknown; headers: Record<string, string> }
      if (request.protocol === 'https:' && ArrayBuffer.isView(request.body)) {
        request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
      }
      return next(args)
    },
    { step: 'build', name: 'signWithoutHash' },
  )
}

class S3Objects implements ObjectStore {
  readonly description: string
  readonly timeoutMs: number
  #sdk: Sdk
  #client: S3Client
  #bucket: string
  #prefix: string

  constructor(sdk: Sdk, client: S3Client, { bucket, prefix, endpoint, timeoutMs = defaultTimeoutMs }: S3Settings) {
    this.timeoutMs = timeoutMs
    this.#sdk = sdk
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix
    this.description = `s3 ${endpoint ?? 'amazonaws.com'} ${bucket}/${prefix}`
  }

  async put(key: string, bytes: Uint8Array, metadata: ObjectMetadata): Promise<void> {
    const command = new this.#sdk.PutObjectCommand({
      ...this.#at(key),
      Body: bytes,
      ContentLength: bytes.byteLength,
      ContentType: 'application/octet-stream',
      Metadata: { ...metadata },
    })
    await translated(this.#client.send(command, { abortSignal: this.#deadline(bytes.byteLength) }))
  }

  async head(key: string): Promise<StoredObject | undefined> {
    const command = new this.#sdk.HeadObjectCommand(this.#at(key))
    const found = await undefinedIfMissing(this.#client.send(command, { abortSignal: this.#deadline() }))
    if (found === undefined) return undefined
    return { ...propertiesOf(found), sizeBytes: found.ContentLength ?? 0 }
  }

  async get(key: string, { range, etag, signal }: GetOptions): Promise<ObjectBody | undefined> {
    const command = new this.#sdk.GetObjectCommand({
      ...this.#at(key),
      ...(range !== undefined && { Range: `bytes=${range.start}-${range.end}` }),
      ...(etag !== undefined && { IfMatch: etag }),
    })
    const got = await undefinedIfMissing(this.#client.send(command, { abortSignal: signal }))
    if (got === undefined) return undefined
    return {
      ...propertiesOf(got),
      sizeBytes: wholeBytes(got.ContentRange) ?? got.ContentLength ?? 0,
      etag: got.ETag,
      // In Node, the SDK's body is the response of node:http.
      body: got.Body as unknown as Readable,
    }
  }

  async delete(key: string): Promise<void> {
    const command = new this.#sdk.DeleteObjectCommand(this.#at(key))
    await undefinedIfMissing(this.#client.send(command, { abortSignal: this.#deadline() }))
  }

  async *list(prefix: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined
    do {
      const command = new this.#sdk.ListObjectsV2Command({
        Bucket: this.#bucket,
        Prefix: this.#prefix + prefix,
        ContinuationToken,
      })
      const page = await translated(this.#client.send(command, { abortSignal: this.#deadline() }))
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key.slice(this.#prefix.length)
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (ContinuationToken !== undefined)
  }

  async beginParts(key: string): Promise<string> {
    const command = new this.#sdk.CreateMultipartUploadCommand({
      ...this.#at(key),
      ContentType: 'application/octet-stream',
    })
    const { UploadId } = await translated(this.#client.send(command, { abortSignal: this.#deadline() }))
    if (UploadId === undefined) throw new StorageUnavailableError('the object store began an upload without an id')
    return UploadId
  }

  async putPart(
    { key, token, number }: { readonly key: string; readonly token: string; readonly number: number },
    bytes: Uint8Array,
  ): Promise<string> {
    const command = new this.#sdk.UploadPartCommand({
      ...this.#at(key),
      UploadId: token,
      PartNumber: number,
      Body: bytes,
      ContentLength: bytes.byteLength,
    })
    const { ETag } = await translated(this.#client.send(command, { abortSignal: this.#deadline(bytes.byteLength) }))
    if (ETag === undefined) throw new StorageUnavailableError('the object store stored a part without a tag')
    return ETag
  }

  /** If the upload is unknown, an earlier attempt may have completed it. */
  async completeParts(key: string, token: string, parts: readonly StoredPart[]): Promise<void> {
    const command = new this.#sdk.CompleteMultipartUploadCommand({
      ...this.#at(key),
      UploadId: token,
      MultipartUpload: { Parts: parts.map(({ tag }, index) => ({ ETag: tag, PartNumber: index + 1 })) },
    })
    await undefinedIfMissing(this.#client.send(command, { abortSignal: this.#deadline() }))
  }

  async abortParts(prefix: string): Promise<void> {
    const command = new this.#sdk.ListMultipartUploadsCommand({ Bucket: this.#bucket, Prefix: this.#prefix + prefix })
    const { Uploads = [] } = await translated(this.#client.send(command, { abortSignal: this.#deadline() }))
    for (const { Key, UploadId } of Uploads) {
      const abort = new this.#sdk.AbortMultipartUploadCommand({ Bucket: this.#bucket, Key, UploadId })
      await undefinedIfMissing(this.#client.send(abort, { abortSignal: this.#deadline() }))
    }
  }

  async sign(key: string, { contentType, expiresAtMs }: SignOptions): Promise<string> {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner')
    const command = new this.#sdk.GetObjectCommand({ ...this.#at(key), ResponseContentType: contentType })
    const expiresIn = Math.max(1, Math.floor((expiresAtMs - Date.now()) / 1000))
    return translated(getSignedUrl(this.#client, command, { expiresIn }))
  }

  #deadline(sentBytes = 0): AbortSignal {
    return deadline(this.timeoutMs, sentBytes)
  }

  close(): void {
    this.#client.destroy()
  }

  #at(key: string) {
    return { Bucket: this.#bucket, Key: this.#prefix + key }
  }
}

type Found = { readonly Metadata?: Record<string, string> | undefined; readonly LastModified?: Date | undefined }

function propertiesOf({ Metadata, LastModified }: Found) {
  return { metadata: Metadata ?? {}, modifiedAtMs: LastModified?.getTime() ?? 0 }
}

/** The size of the whole object in `Content-Range: bytes 0-9/100`. */
function wholeBytes(contentRange: string | undefined): number | undefined {
  const size = contentRange?.split('/').at(1)
  return size === undefined ? undefined : Number(size)
}
