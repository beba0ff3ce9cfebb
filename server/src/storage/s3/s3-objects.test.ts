import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { after, before, describe } from 'node:test'
import { testObjectBlobStore } from '../../../testing/storage/test-object-blob-store.ts'
import { testObjectFaults } from '../../../testing/storage/test-object-faults.ts'
import { hasMoto, startMoto } from '../../../../test/setup/object-servers.ts'
import { openS3Objects } from './s3-objects.ts'

const bucket = 'test'
const region = 'us-east-1'
/** The address of a service that the caller has started, whose credentials are in the AWS variables. Otherwise, moto. */
const given = process.env['ACRUX_TEST_S3'] ?? ''
// moto accepts every credential.
const environment = given === '' ? { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' } : {}

let server: { readonly endpoint: string; readonly stop: () => Promise<void> }
const missing = hasMoto() || given !== '' ? false : 'not run, missing on this machine: python3-moto'

describe('S3', { skip: missing }, () => {
  before(async () => {
    Object.assign(process.env, environment)
    server = given === '' ? await startMoto() : { endpoint: given, stop: () => Promise.resolve() }
    const client = new S3Client({ region, endpoint: server.endpoint, forcePathStyle: true })
    await client.send(new CreateBucketCommand({ Bucket: bucket }))
    client.destroy()
  })
  after(async () => {
    for (const name of Object.keys(environment)) delete process.env[name]
    await server.stop()
  })

  const settings = { bucket, region, pathStyle: true, checksums: 'when-supported' } as const

  testObjectBlobStore({
    name: 'the S3 blob store',
    replacesParts: true,
    open: (prefix) => openS3Objects({ ...settings, endpoint: server.endpoint, prefix }),
    incomplete: async (prefix) => {
      const client = new S3Client({ region, endpoint: server.endpoint, forcePathStyle: true })
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }))
      client.destroy()
      return Uploads.map(({ Key = '' }) => Key)
    },
  })

  testObjectFaults({
    name: 'the S3 blob store',
    target: () => server.endpoint,
    open: (endpoint, prefix, timeoutMs) =>
      openS3Objects({ ...settings, checksums: 'when-required', endpoint, prefix, timeoutMs }),
    repeated: [429, 500, 503],
    isCommit: ({ method, url }) => method === 'POST' && url.includes('uploadId='),
    isPart: ({ method, url }) => method === 'PUT' && url.includes('partNumber='),
    isList: ({ url }) => url.includes('list-type=2'),
  })
})
