import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Configuration } from '../../configuration/index.ts'
import { blobDirectoryIn, blobMarkFileIn, type DataDir, objectStorageFileIn } from '../../platform/files/data-dir.ts'
import { writeFileDurably } from '../../platform/files/durable-file.ts'
import { readSecretFile } from '../../platform/files/setting-file.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { exitCodes, StartupError } from '../../platform/process/exit.ts'
import {
  type BlobStore,
  checkObjects,
  claimObjects,
  createFilesystemBlobStore,
  createObjectBlobStore,
  findAzureCredential,
  markFiles,
  type ObjectStore,
  openAzureBlobObjects,
  openS3Objects,
  renewedObjects,
  StorageUnavailableError,
} from '../../storage/index.ts'

/** Where the bytes of blobs are. */
export type Storage = {
  readonly blobs: BlobStore
  /** Undefined for files in the data directory. */
  readonly objects:
    | {
        /** Whether the object store responds. @throws StorageUnavailableError */
        readonly check: () => Promise<void>
        readonly close: () => void
      }
    | undefined
  /**
   * Notes in the data directory that this store is its own. Call it when the rows are known to belong to the blobs: a start that
   * is refused leaves no note.
   */
  readonly confirm: () => Promise<void>
}

type Options = {
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  /** The id with which a data directory without one claims an object store. Default: a new one. */
  readonly installationId?: string
}

/** Opens the store of blobs that is configured. @throws StartupError if it is not that of the data directory */
export async function openStorage(
  configuration: Configuration,
  dataDir: Pick<DataDir, 'path' | 'filesAreHeld'>,
  { clock, env, installationId }: Options,
): Promise<Storage> {
  const file = objectStorageFileIn(dataDir.path)
  const { filesAreHeld } = dataDir
  if (configuration.storage.kind === 'filesystem') {
    if (existsSync(file)) throw new OtherStorageError(`the blobs of ${dataDir.path} are in an object store`)
    const { id, confirm } = await requireOwnFiles(dataDir.path)
    const blobs = await createFilesystemBlobStore(blobDirectoryIn(dataDir.path), { clock, filesAreHeld, id })
    return { blobs, objects: undefined, confirm }
  }
  requireOtherHost(configuration)
  const objects = await openObjects(configuration.storage, env)
  try {
    const id = await claim(objects, dataDir.path, { file, newId: installationId ?? randomUUID() })
    return {
      blobs: createObjectBlobStore(objects, { clock, blobsAreHeld: filesAreHeld, installationId: id }),
      objects: { check: () => checkObjects(objects), close: () => objects.close() },
      confirm: () => Promise.resolve(),
    }
  } catch (error) {
    objects.close()
    throw error
  }
}

/** The mark of the files of a data directory. The first start writes it. @throws StartupError if the files are elsewhere */
async function requireOwnFiles(dataDir: string): Promise<{ readonly id: string } & Pick<Storage, 'confirm'>> {
  const file = blobMarkFileIn(dataDir)
  const known = existsSync(file) ? (await readFile(file, 'utf8')).trim() : undefined
  const directory = blobDirectoryIn(dataDir)
  const id = await markFiles(directory, known).catch((error: unknown) => {
    if (error instanceof StorageUnavailableError) return undefined
    throw error
  })
  if (id === undefined) {
    throw new StartupError(
      `the blobs of ${dataDir} are not in ${directory}`,
      exitCodes.dataDirUnusable,
      `mount them there; if they are lost, restore a backup, or delete ${file} to start without them`,
    )
  }
  return { id, confirm: async () => (known === undefined ? writeFileDurably(file, `${id}\n`, 0o600) : undefined) }
}

/** The configured store is not the one in which the blobs of the data directory are. */
export class OtherStorageError extends StartupError {
  override readonly name = 'OtherStorageError'
  constructor(message: string) {
    super(message, exitCodes.configuration, 'set storage to where the blobs are, or use a new data directory')
  }
}

/** Opens the configured object store. */
export async function openObjects(
  { kind, prefix, redirect, azureBlob, s3 }: Configuration['storage'],
  env: Options['env'],
): Promise<ObjectStore> {
  const { endpoint, container } = azureBlob
  if (kind === 'azure-blob' && endpoint !== undefined && container !== undefined) {
    const readSecrets = async () => ({
      key: azureBlob.keyFile && (await readSecretFile(azureBlob.keyFile, 'access key')),
      sas: azureBlob.sasFile && (await readSecretFile(azureBlob.sasFile, 'SAS token')),
    })
    let secrets = await readSecrets()
    const open = async () => {
      const credential = await findAzureCredential({ endpoint, ...secrets, env })
      if (redirect && credential.kind === 'sas') {
        throw new StartupError(
          'storage.redirect: a SAS token cannot sign URLs',
          exitCodes.configuration,
          'use an access key or an identity, or omit storage.redirect',
        )
      }
      return openAzureBlobObjects({ endpoint, container, credential, prefix })
    }
    const first = await open()
    if (secrets.key === undefined && secrets.sas === undefined) return first
    const renew = async () => {
      const now = await readSecrets()
      if (now.key === secrets.key && now.sas === secrets.sas) return undefined
      secrets = now
      return open()
    }
    return renewedObjects(first, { renew })
  }
  if (kind === 's3' && s3.bucket !== undefined) {
    return openS3Objects({ ...s3, bucket: s3.bucket, endpoint: s3.endpoint, prefix })
  }
  throw new Error('the settings of the object store were not validated')
}

/**
 * Checks that clients do not send their credentials to the store when they are redirected: those in Go send them to the same host
 * name, on any port, and to its subdomains. [Go, net/http Client] Services also refuse two kinds of credentials in a request.
 */
function requireOtherHost({ storage, publicHost, suffix }: Configuration): void {
  const endpoint = storage.kind === 's3' ? storage.s3.endpoint : storage.azureBlob.endpoint
  if (!storage.redirect || endpoint === undefined) return
  const { hostname } = new URL(endpoint)
  const loginServer = URL.parse(`https://${publicHost}`)?.hostname ?? publicHost
  if (`.${hostname}`.endsWith(`.${loginServer}`) || hostname.endsWith(suffix.replace(/:\d+$/, ''))) {
    throw new StartupError(
      `storage.redirect: clients would send their credentials to ${hostname}, which has the host name of a registry or is a subdomain of it`,
      exitCodes.configuration,
      'give the object store another host name, or omit storage.redirect',
    )
  }
}

/** The data directory remembers the id of its installation before the store does, so that a crash in between is harmless. */
async function claim(
  objects: ObjectStore,
  dataDir: string,
  { file, newId }: { readonly file: string; readonly newId: string },
): Promise<string> {
  if (!existsSync(file) && (await hasFiles(blobDirectoryIn(dataDir)))) {
    throw new OtherStorageError(`the blobs of ${dataDir} are in files`)
  }
  const known = existsSync(file) ? await readFile(file, 'utf8') : undefined
  const id = known?.trim() ?? newId
  if (known === undefined) await writeFileDurably(file, `${id}\n`, 0o600)
  await claimAs(objects, id)
  return id
}

/** Marks an empty object store as that of an installation. @throws StartupError if it has the blobs of another one */
export async function claimAs(objects: ObjectStore, id: string): Promise<void> {
  const claimed = await claimObjects(objects, id).catch((error: unknown) => {
    if (!(error instanceof StorageUnavailableError)) throw error
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    throw new StartupError(
      `${objects.description} cannot be used: ${error.message}${cause}`,
      exitCodes.storageUnusable,
      'check the settings in storage, the credentials and the network',
      { cause: error },
    )
  })
  if (claimed === 'foreign') {
    throw new OtherStorageError(`${objects.description} has the blobs of another installation`)
  }
  if (claimed === 'lost') throw new OtherStorageError(`${objects.description} has blobs of an unknown installation`)
}

/** Whether a directory of blobs has blobs. */
export async function hasFiles(directory: string): Promise<boolean> {
  if (!existsSync(directory)) return false
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const blobs = entries.filter(
    ({ name, parentPath }) => name !== 'installation' && path.basename(parentPath) !== 'staging',
  )
  return blobs.some((entry) => entry.isFile())
}
