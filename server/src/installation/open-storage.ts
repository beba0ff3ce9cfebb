import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { blobDirectoryIn, type DataDir, objectStorageFileIn } from '../platform/files/data-dir.ts'
import { readSecretFile } from '../platform/files/setting-file.ts'
import type { Clock } from '../platform/process/clock.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import {
  type BlobStore,
  createFilesystemBlobStore,
  createObjectBlobStore,
  findAzureCredential,
  type ObjectStore,
  openAzureBlobObjects,
  openRenewedS3Objects,
  renewalOf,
  renewedObjects,
  type StoreMark,
} from '../storage/index.ts'
import {
  claimFiles,
  claimObjectsOf,
  findClaim,
  OtherStorageError,
  requireOwnFiles,
  type Rows,
} from './claim-storage.ts'
import type { StoragePlace, StorageSettings } from './settings.ts'

/** The store of the bytes of blobs. */
export type Storage = {
  readonly blobs: BlobStore
  /** The value is undefined if blobs are files in the data directory. */
  readonly objects:
    | {
        readonly close: () => void
      }
    | undefined
  /**
   * Verifies that the store contains the blobs that the rows name, and marks a new store. The server writes nothing to the store before
   * this check.
   *
   * @throws StartupError
   */
  readonly claim: (rows: Rows) => Promise<void>
}

type Options = {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** The id with which a data directory without an id reserves an object store. By default, the id is new. */
  readonly installationId?: string
}

/** Opens the configured store of blobs. @throws StartupError if the store does not belong to the data directory */
export async function openStorage(
  configuration: StoragePlace,
  dataDir: Pick<DataDir, 'path' | 'filesAreHeld'>,
  { clock, env, installationId }: Options,
): Promise<Storage> {
  const { path, filesAreHeld } = dataDir
  if (configuration.storage.kind === 'filesystem') {
    if (existsSync(objectStorageFileIn(path)))
      throw new OtherStorageError(`the blobs of ${path} are in an object store`)
    const mark: StoreMark = { id: await requireOwnFiles(path) }
    const blobs = await createFilesystemBlobStore(blobDirectoryIn(path), { clock, filesAreHeld, mark })
    return { blobs, objects: undefined, claim: (rows) => claimFiles(path, { blobs, mark }, rows) }
  }
  requireOtherHost(configuration)
  const id = (await findClaim(path)) ?? installationId ?? randomUUID()
  const objects = await openObjects(configuration.storage, env)
  return {
    blobs: createObjectBlobStore(objects, { clock, blobsAreHeld: filesAreHeld, installationId: id }),
    objects: { close: () => objects.close() },
    claim: (rows) => claimObjectsOf(path, objects, id, rows),
  }
}

/** Opens the configured object store. */
export async function openObjects(
  { kind, prefix, redirect, azureBlob, s3 }: StorageSettings,
  env: Options['env'],
): Promise<ObjectStore> {
  const { endpoint, container } = azureBlob
  if (kind === 'azure-blob' && endpoint !== undefined && container !== undefined) {
    const read = async () => ({
      key: azureBlob.keyFile && (await readSecretFile(azureBlob.keyFile, 'access key')),
      sas: azureBlob.sasFile && (await readSecretFile(azureBlob.sasFile, 'SAS token')),
    })
    const secrets = await read()
    const open = async (given: typeof secrets) => {
      const credential = await findAzureCredential({ endpoint, ...given, env })
      if (redirect && credential.kind === 'sas') {
        throw new StartupError(
          'storage.redirect: a SAS token cannot sign URLs',
          exitCodes.configuration,
          'use an access key or an identity, or omit storage.redirect',
        )
      }
      return openAzureBlobObjects({ endpoint, container, credential, prefix })
    }
    const first = await open(secrets)
    if (secrets.key === undefined && secrets.sas === undefined) return first
    return renewedObjects(first, { renew: renewalOf(secrets, { read, open }) })
  }
  if (kind === 's3' && s3.bucket !== undefined) {
    return openRenewedS3Objects({ ...s3, bucket: s3.bucket, endpoint: s3.endpoint, prefix })
  }
  throw new Error('the settings of the object store were not validated')
}

/**
 * Checks that clients do not send their credentials to the store after a redirect. Clients in Go send them to the same host name on any
 * port, and to its subdomains. [Go, net/http Client] Object stores also reject requests with two kinds of credentials.
 */
function requireOtherHost({ storage, publicHost, suffix }: StoragePlace): void {
  const endpoint = storage.kind === 's3' ? storage.s3.endpoint : storage.azureBlob.endpoint
  if (!storage.redirect || endpoint === undefined) return
  const { hostname } = new URL(endpoint)
  const loginServer = URL.parse(`https://${publicHost}`)?.hostname ?? publicHost
  if (`.${hostname}`.endsWith(`.${loginServer}`) || hostname.endsWith(suffix.replace(/:\d+$/, ''))) {
    throw new StartupError(
      `storage.redirect: clients would send registry credentials to ${hostname}, which is the host name of a registry or a subdomain of a registry`,
      exitCodes.configuration,
      'give the object store another host name, or omit storage.redirect',
    )
  }
}
