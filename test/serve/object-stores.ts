import {
  CreateBucketCommand,
  DeleteObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { after, before } from 'node:test'
import { startUnderTest, type UnderTest } from '../clients/lib/under-test.ts'
import { notRunReason } from '../harness/clients.ts'
import { azuriteAccount, hasAzurite, hasMoto, startAzurite, startMoto } from '../setup/object-servers.ts'
import { openStoreGate, type StoreGate } from './store-gate.ts'

const name = 'test'

/** The address of a service of S3 that the caller has started, whose credentials are in the AWS variables. Otherwise, moto. */
const givenS3 = process.env['ACRUX_TEST_S3'] ?? ''
const { AWS_ACCESS_KEY_ID = 'test', AWS_SECRET_ACCESS_KEY = 'test-secret' } = givenS3 === '' ? {} : process.env

/** An object server with an empty container or bucket, and the settings to use it through a gate. */
export interface Store {
  readonly missing: string | false
  /** The number of threads that accept connections. */
  readonly workers: string
  readonly start: () => Promise<{ readonly endpoint: string; readonly stop: () => Promise<void> }>
  readonly prepare: (endpoint: string) => Promise<unknown>
  readonly args: (endpoint: string) => readonly string[]
  /** The same as `args`, for a configuration file. */
  readonly settings: (endpoint: string, prefix?: string) => object
  readonly env: Readonly<Record<string, string>>
  /** The keys of all objects, by the server of objects itself. */
  readonly keys: (endpoint: string) => Promise<readonly string[]>
  readonly put: (endpoint: string, key: string, bytes: Buffer) => Promise<unknown>
  readonly delete: (endpoint: string, key: string) => Promise<unknown>
}

/** The object stores that the tests run on, by their names. */
export const stores: Readonly<Record<string, Store>> = {
  'Azure Blob Storage': {
    missing: hasAzurite() ? false : `${notRunReason}Azurite`,
    workers: '1',
    start: startAzurite,
    prepare: (endpoint) => container(endpoint).create(),
    args: (endpoint) => {
      const place = ['--storage-azure-blob-endpoint', endpoint, '--storage-azure-blob-container', name]
      return ['--storage-kind', 'azure-blob', ...place]
    },
    settings: (endpoint, prefix) => ({ kind: 'azure-blob', prefix, azureBlob: { endpoint, container: name } }),
    env: { AZURE_STORAGE_KEY: azuriteAccount.key },
    keys: (endpoint) => Array.fromAsync(container(endpoint).listBlobsFlat(), (blob) => blob.name),
    put: (endpoint, key, bytes) => container(endpoint).uploadBlockBlob(key, bytes, bytes.byteLength),
    delete: (endpoint, key) => container(endpoint).deleteBlob(key),
  },
  S3: {
    missing: givenS3 !== '' || hasMoto() ? false : `${notRunReason}python3-moto`,
    workers: '2',
    start: givenS3 === '' ? startMoto : async () => ({ endpoint: givenS3, stop: async () => undefined }),
    prepare: async (endpoint) => {
      await s3(endpoint, (client) => client.send(new CreateBucketCommand({ Bucket: name })))
      for (const key of await s3Keys(endpoint)) await deleteS3(endpoint, key)
    },
    args: (endpoint) => {
      const place = ['--storage-s3-endpoint', endpoint, '--storage-s3-bucket', name, '--storage-s3-path-style']
      return ['--storage-kind', 's3', ...place]
    },
    settings: (endpoint, prefix) => ({ kind: 's3', prefix, s3: { endpoint, bucket: name, pathStyle: true } }),
    env: { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
    keys: s3Keys,
    put: (endpoint, Key, Body) =>
      s3(endpoint, (client) => client.send(new PutObjectCommand({ Bucket: name, Key, Body }))),
    delete: deleteS3,
  },
}

function container(endpoint: string): ContainerClient {
  const credential = new StorageSharedKeyCredential(azuriteAccount.name, azuriteAccount.key)
  return new ContainerClient(`${endpoint}/${name}`, credential)
}

async function s3<Result>(endpoint: string, work: (client: S3Client) => Promise<Result>): Promise<Result> {
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY }
  const client = new S3Client({ region: 'us-east-1', endpoint, forcePathStyle: true, credentials })
  try {
    return await work(client)
  } finally {
    client.destroy()
  }
}

function s3Keys(endpoint: string): Promise<string[]> {
  return s3(endpoint, async (client) => {
    const pages = await Array.fromAsync(paginateListObjectsV2({ client }, { Bucket: name }))
    return pages.flatMap(({ Contents = [] }) => Contents.map(({ Key = '' }) => Key))
  })
}

function deleteS3(endpoint: string, Key: string): Promise<unknown> {
  return s3(endpoint, (client) => client.send(new DeleteObjectCommand({ Bucket: name, Key })))
}

/** Starts the object server, a gate before it, and the registry. */
export function useStore(store: Store, args: readonly string[]) {
  const used = {} as { under: UnderTest; gate: StoreGate; endpoint: string }
  const stack = new AsyncDisposableStack()
  before(async () => {
    const objects = await store.start()
    stack.defer(objects.stop)
    await store.prepare(objects.endpoint)
    used.endpoint = objects.endpoint
    used.gate = stack.use(await openStoreGate(objects.endpoint))
    const settings = [...store.args(used.gate.endpoint), ...args]
    used.under = stack.use(await startUnderTest({ args: settings, env: store.env }))
  })
  after(() => stack.disposeAsync())
  return used
}
