import { z } from 'zod'
import { settingTexts } from './setting-texts.ts'
import { path, text } from './setting-values.ts'

function flag() {
  return z.boolean({ error: 'must be true or false' })
}

function serviceUrl() {
  return z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .max(2048, { error: 'must have at most 2048 characters' })
    .optional()
}

/** The settings in `storage.azureBlob`. */
const azureBlobSettings = z
  .strictObject(
    {
      endpoint: serviceUrl().register(settingTexts, {
        kind: 'text',
        description: 'The address of the blob service of the storage account. Required by `azure-blob`.',
        placeholder: 'url',
        example: 'https://contoso.blob.core.windows.net',
        defaultText: 'none',
      }),
      container: text(/^[a-z0-9](?:-?[a-z0-9]){2,62}$/, 'must be the name of a container')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description: 'The name of the blob container, which must already exist. Required by `azure-blob`.',
          placeholder: 'name',
          example: 'registry',
          defaultText: 'none',
        }),
      keyFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A file with an access key of the storage account. Only the user that runs the server may have permission to read the file. Without this setting and `storage.azureBlob.sasFile`, the server uses the variable `AZURE_STORAGE_KEY` or `AZURE_STORAGE_SAS_TOKEN`, the workload identity of the pod, or the managed identity of the machine.',
        placeholder: 'file',
        example: '/etc/acrux/storage.key',
        defaultText: 'none',
      }),
      sasFile: path().optional().register(settingTexts, {
        kind: 'text',
        description:
          'A file with a SAS token for the container, with the permissions to read, write, delete and list. Only the user that runs the server may have permission to read the file.',
        placeholder: 'file',
        example: '/etc/acrux/storage.sas',
        defaultText: 'none',
      }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})

/** The settings in `storage.s3`. */
const s3Settings = z
  .strictObject(
    {
      bucket: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket')
        .optional()
        .register(settingTexts, {
          kind: 'text',
          description:
            'The name of the S3 bucket, which must already exist. Required by `s3`. The AWS SDK finds the credentials in environment variables such as `AWS_ACCESS_KEY_ID`, a profile, a web identity, or the metadata service of the machine.',
          placeholder: 'name',
          example: 'contoso-registry',
          defaultText: 'none',
        }),
      region: text(/^[a-z0-9-]{1,64}$/, 'must be the name of a region')
        .default('us-east-1')
        .register(settingTexts, {
          kind: 'text',
          description: 'The region of the bucket.',
          placeholder: 'region',
          example: 'eu-west-1',
        }),
      endpoint: serviceUrl().register(settingTexts, {
        kind: 'text',
        description: 'The address of an S3-compatible service other than Amazon S3, such as Ceph.',
        placeholder: 'url',
        example: 'https://ceph.example.com:8443',
        defaultText: 'the address of Amazon S3 in the region `storage.s3.region`',
      }),
      pathStyle: flag().default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          'Whether the server sends the bucket name in the path of a URL instead of the host. Most services other than Amazon S3 require `true`.',
        placeholder: 'boolean',
        example: 'true',
      }),
      checksums: z
        .enum(['when-supported', 'when-required'], { error: 'must be when-supported or when-required' })
        .default('when-supported')
        .register(settingTexts, {
          kind: 'text',
          description:
            'When the server adds a checksum to an upload: wherever S3 supports a checksum, or only where S3 requires a checksum. Use `when-required` for a service that does not support checksums.',
          placeholder: 'mode',
          example: 'when-required',
        }),
    },
    { error: 'must be a mapping' },
  )
  .prefault({})

/** The settings in `storage`. */
export const storageSettings = z
  .strictObject(
    {
      kind: z
        .enum(['filesystem', 'azure-blob', 's3'], { error: 'must be filesystem, azure-blob or s3' })
        .default('filesystem')
        .register(settingTexts, {
          kind: 'text',
          description:
            'Where the bytes of blobs are stored: in `dataDir`, in Azure Blob Storage, or in S3 or a compatible service. If the server already has blobs, change this setting with `acrux migrate`. See [object storage](../how-to/object-storage.md).',
          placeholder: 'kind',
          example: 's3',
        }),
      prefix: text(/^(?:[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\/){0,8}$/, 'must be empty, or a path that ends with a slash')
        .default('')
        .register(settingTexts, {
          kind: 'text',
          description:
            'The prefix of the names of all objects. Each installation needs a separate container, bucket or prefix.',
          placeholder: 'path',
          example: 'registry/',
          defaultText: 'empty',
        }),
      redirect: flag().default(false).register(settingTexts, {
        kind: 'boolean',
        description:
          "Whether the server redirects blob downloads to the object store, as Azure Container Registry does, instead of sending the bytes. The redirect URL is valid for 5 minutes, even if the caller's permission is revoked. Clients must be able to reach the object store. The setting needs credentials that can sign URLs; a SAS token cannot sign URLs.",
        placeholder: 'boolean',
        example: 'true',
      }),
      azureBlob: azureBlobSettings,
      s3: s3Settings,
    },
    { error: 'must be a mapping' },
  )
  .refine(({ kind, azureBlob }) => kind !== 'azure-blob' || azureBlob.endpoint !== undefined, {
    error: 'azure-blob requires the address of the blob service',
    path: ['azureBlob', 'endpoint'],
  })
  .refine(({ kind, azureBlob }) => kind !== 'azure-blob' || azureBlob.container !== undefined, {
    error: 'azure-blob requires a container',
    path: ['azureBlob', 'container'],
  })
  .refine(({ kind, s3 }) => kind !== 's3' || s3.bucket !== undefined, {
    error: 's3 requires a bucket',
    path: ['s3', 'bucket'],
  })
  .refine(({ kind, redirect }) => kind !== 'filesystem' || !redirect, {
    error: 'a redirect needs an object store',
    path: ['redirect'],
  })
  .refine(({ azureBlob }) => azureBlob.keyFile === undefined || azureBlob.sasFile === undefined, {
    error: 'set keyFile or sasFile, not both',
    path: ['azureBlob', 'sasFile'],
  })
  .prefault({})
