import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { after, before } from 'node:test'
import { startUnderTest, type UnderTest } from '../clients/lib/under-test.ts'
import { notRunReason } from '../harness/clients.ts'
import { request } from '../harness/http.ts'
import { azuriteAccount, hasAzurite, hasMoto, startAzurite, startMoto } from '../setup/object-servers.mjs'
import { openStoreGate, type StoreGate } from './store-gate.ts'

const name = 'test'

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
    missing: hasMoto() ? false : `${notRunReason}python3-moto`,
    workers: '2',
    start: startMoto,
    prepare: (endpoint) => request({ method: 'PUT', url: `${endpoint}/${name}` }),
    args: (endpoint) => {
      const place = ['--storage-s3-endpoint', endpoint, '--storage-s3-bucket', name, '--storage-s3-path-style']
      return ['--storage-kind', 's3', ...place]
    },
    settings: (endpoint, prefix) => ({ kind: 's3', prefix, s3: { endpoint, bucket: name, pathStyle: true } }),
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' },
    keys: async (endpoint) => {
      const listed = (await request({ url: `${endpoint}/${name}?list-type=2` })).text()
      return [...listed.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key = '']) => key)
    },
    put: (endpoint, key, bytes) => changeObject('PUT', endpoint, key, bytes),
    delete: (endpoint, key) => changeObject('DELETE', endpoint, key),
  },
}

function container(endpoint: string): ContainerClient {
  const credential = new StorageSharedKeyCredential(azuriteAccount.name, azuriteAccount.key)
  return new ContainerClient(`${endpoint}/${name}`, credential)
}

/** Changes an object in moto, which requires a signature and does not verify it. */
async function changeObject(method: 'PUT' | 'DELETE', endpoint: string, key: string, body?: Buffer): Promise<void> {
  const credential = 'Credential=test/20260101/us-east-1/s3/aws4_request'
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=none`
  const url = `${endpoint}/${name}/${encodeURI(key)}`
  const { status } = await request({ method, url, headers: { authorization }, ...(body !== undefined && { body }) })
  if (status >= 300) throw new Error(`${method} ${key}: ${status}`)
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
