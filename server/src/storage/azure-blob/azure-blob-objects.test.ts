import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { after, before, describe } from 'node:test'
import { testObjectBlobStore } from '../../../testing/storage/test-object-blob-store.ts'
import { testObjectFaults } from '../../../testing/storage/test-object-faults.ts'
import { azuriteAccount, hasAzurite, startAzurite } from '../../../../test/setup/object-servers.ts'
import { openAzureBlobObjects } from './azure-blob-objects.ts'

const container = 'test'
const { name: account, key } = azuriteAccount
const credential = { kind: 'key', account, key } as const

let server: Awaited<ReturnType<typeof startAzurite>>
const client = () =>
  new ContainerClient(`${server.endpoint}/${container}`, new StorageSharedKeyCredential(account, key))

const incomplete = async (prefix: string) => {
  const found = await Array.fromAsync(client().listBlobsFlat({ prefix, includeUncommitedBlobs: true }))
  return found.filter(({ properties }) => !properties.contentLength).map(({ name }) => name)
}

const missing = hasAzurite() ? false : 'not run, missing on this machine: Azurite'

describe('Azure Blob Storage', { skip: missing }, () => {
  before(async () => {
    server = await startAzurite()
    await client().create()
  })
  after(() => server.stop())

  // Azure accepts blocks of every size, so the contract is tested with many of them.
  testObjectBlobStore({
    name: 'the Azure blob store',
    open: (prefix) => openAzureBlobObjects({ endpoint: server.endpoint, container, credential, prefix }),
    incomplete,
    partSizes: { minBytes: 50_000, firstBytes: 150_000 },
  })

  testObjectFaults({
    name: 'the Azure blob store',
    target: () => server.endpoint,
    open: (endpoint, prefix, timeoutMs) => openAzureBlobObjects({ endpoint, container, credential, prefix, timeoutMs }),
    repeated: [500, 503],
    isCommit: ({ method, url }) => method === 'PUT' && url.includes('comp=blocklist'),
    isPart: ({ method, url }) => method === 'PUT' && url.includes('comp=block&'),
    isList: ({ url }) => url.includes('comp=list'),
  })
})
