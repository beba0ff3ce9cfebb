import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigurationError, loadConfiguration } from './configuration.ts'

const azure = { storageKind: 'azure-blob', storageAzureBlobEndpoint: 'https://contoso.blob.core.windows.net' }

const invalid: readonly [flags: Readonly<Record<string, string>>, problem: RegExp][] = [
  [{ storageKind: 'disk' }, /--storage-kind: must be filesystem, azure-blob or s3/],
  [{ storageKind: 's3' }, /s3 requires a bucket/],
  [azure, /azure-blob requires a container/],
  [{ storageKind: 'azure-blob', storageAzureBlobContainer: 'blobs' }, /requires the address of the blob service/],
  [{ storageS3Bucket: 'Not A Bucket' }, /must be the name of a bucket/],
  [{ storageS3Checksums: 'never' }, /must be when-supported or when-required/],
  [{ storagePrefix: 'no-slash' }, /a path that ends with a slash/],
  [{ storagePrefix: '../' }, /a path that ends with a slash/],
  [{ storageRedirect: 'true' }, /a redirect needs an object store/],
  [
    { ...azure, storageAzureBlobContainer: 'blobs', storageAzureBlobKeyFile: '/a', storageAzureBlobSasFile: '/b' },
    /set keyFile or sasFile, not both/,
  ],
]

test('Invalid settings of an object store abort the start', async () => {
  for (const [flags, problem] of invalid) {
    await assert.rejects(loadConfiguration({ flags }), (error) => {
      assert.ok(error instanceof ConfigurationError)
      assert.match(error.message, problem, JSON.stringify(flags))
      return true
    })
  }
})

test('No setting contains a secret of an object store', async () => {
  const { storage } = await loadConfiguration({ env: { ACRUX_STORAGE_KIND: 's3', ACRUX_STORAGE_S3_BUCKET: 'blobs' } })
  assert.deepEqual(
    Object.keys({ ...storage.s3, ...storage.azureBlob }).filter((key) => /secret|key$|token|password/i.test(key)),
    [],
  )
})
