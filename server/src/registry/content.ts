import type { Readable } from 'node:stream'
import type { Transaction } from '../platform/sql/database.ts'
import type { Digest } from '@acrux/shared/standards/oci/digest.ts'
import type { Reference, Tag } from '@acrux/shared/standards/oci/reference.ts'
import type { RepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'
import type { BlobSettings } from './blobs/blob-settings.ts'
import { findHeldBy } from './blobs/blob-store.ts'
import { type HeldIn, holdBlob } from './blobs/hold-blob.ts'
import type { RegistryContext } from './context.ts'
import { isManifestIntact } from './integrity/manifest-integrity.ts'
import { readImagePlatform } from './manifests/image-config.ts'
import { readManifest } from './manifests/manifest-reader.ts'
import { storeManifest, tagExists } from './manifests/put-manifest.ts'
import type { ManifestQuestion, ParsedManifest } from './manifests/read-here.ts'
import { noSpace } from './quotas/no-space.ts'
import { requireReadable } from './repositories/locks.ts'
import type { RepositoryTarget } from './repositories/repositories.ts'
import { existingTags } from './repositories/tag-store.ts'
import { type IncomingBlob, storeBlob } from './uploads/store-blob.ts'
import { expireUploadsOf } from './uploads/upload-store.ts'

/** A repository of a registry of this server. */
export type RepositoryPlace = { readonly rid: string; readonly repository: RepositoryName }

/** A manifest that another module reads without a request to the HTTP surface. */
export type StoredManifest = { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest }

/** A manifest that another module stores without a request to the HTTP surface. */
export type IncomingManifest = {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly manifest: ParsedManifest
  readonly tags: readonly Tag[]
  /** Whether existing tags are moved. If false, an existing tag causes a conflict. */
  readonly movesTags: boolean
}

/**
 * The content of repositories, for modules that read and store content without a request to the HTTP surface. Locks, quotas, and the age of
 * the credential in the target repository are enforced in the same way as for a request. The caller is responsible for permissions.
 */
export interface RegistryContent {
  readonly limits: Pick<BlobSettings, 'maxBlobBytes' | 'uploadLifetimeMs'>
  /**
   * @throws StorageFullError if the file system has no space for content
   * @throws StorageFullError if the file system has no space for content
   */
  requireSpace(): void
  /** @throws OciError CONFLICT if one of the tags exists */
  requireNewTags(place: RepositoryPlace, tags: readonly Tag[]): Promise<void>
  /**
   * Returns the bytes, media type and digest of a manifest. Returns undefined if clients would not find the manifest.
   *
   * @throws OciError REGISTRY_DISALLOWED_OPERATION if a lock forbids reading
   * @throws CorruptContentError
   */
  readManifest(place: RepositoryPlace, reference: Reference): Promise<StoredManifest | undefined>
  /** The id of the repository, if the repository contains the blob. */
  findHolder(place: RepositoryPlace, digest: Digest): Promise<string | undefined>
  /** Parses a manifest. Another thread parses a large manifest. @throws ManifestInvalidError */
  parseManifest(question: ManifestQuestion): Promise<ParsedManifest>
  /** Verifies the stored bytes of a digest if a verification is due, and quarantines corrupt bytes. */
  verifyBlob(digest: Digest): Promise<void>
  /**
   * Opens a repository, and links a blob to it. The repository itself, or the repository with the id `heldBy`, must already contain the
   * blob.
   *
   * @throws OciError
   * @throws OutdatedCredentialError
   */
  holdBlob(target: RepositoryTarget, digest: Digest, heldBy: string | undefined): Promise<HeldIn>
  /** Stores a blob from a stream. @throws BlobSizeError, OciError, StorageFullError */
  storeBlob(target: RepositoryTarget, blob: IncomingBlob, body: Readable): Promise<void>
  /** Stores a manifest, and sets its tags. The repository must contain the blobs of the manifest. @throws OciError */
  putManifest(target: RepositoryTarget, manifest: IncomingManifest): Promise<void>
  /** Expires all uploads of a caller. */
  expireUploads(transaction: Transaction, callerKey: string): Promise<void>
}

/** Opens the content of a registry. */
export function createContent(context: RegistryContext): RegistryContent {
  const { database, clock, settings } = context
  return {
    limits: settings,
    requireSpace: () => {
      if (!context.space.hasRoomFor(0)) throw noSpace()
    },
    requireNewTags: async ({ rid, repository }, tags) => {
      const [existing] = await existingTags(database, rid, repository, tags)
      if (existing !== undefined) throw tagExists(existing)
    },
    readManifest: (place, reference) => readStored(context, place, reference),
    findHolder: ({ rid, repository }, digest) => findHeldBy(database, rid, repository, digest),
    parseManifest: (question) => readManifest(question),
    verifyBlob: async (digest) => {
      const blob = await context.blobReads.byDigest.first({ digest })
      if (blob !== undefined) await context.integrity.isIntact(blob)
    },
    holdBlob: (target, digest, heldBy) => holdBlob(context, target, digest, heldBy),
    storeBlob: (target, blob, body) => storeBlob(context, target, blob, body),
    putManifest: async (target, incoming) => {
      const { repository } = target.path
      const path = { kind: 'manifest', repository, reference: { kind: 'digest', digest: incoming.digest } } as const
      const platform = await readImagePlatform(context, target, incoming.manifest)
      await storeManifest(context, { ...target, path }, { ...incoming, platform, cause: 'import' })
    },
    expireUploads: (transaction, callerKey) => expireUploadsOf(transaction, callerKey, clock.now()),
  }
}

async function readStored(
  { manifests, integrity }: RegistryContext,
  { rid, repository }: RepositoryPlace,
  reference: Reference,
): Promise<StoredManifest | undefined> {
  const row = await (reference.kind === 'tag'
    ? manifests.getByTag.first({ rid, repository, tag: reference.tag })
    : manifests.getByDigest.first({ rid, repository, digest: reference.digest }))
  if (row === undefined || row.quarantined_at_ms !== null) return undefined
  if (!isManifestIntact(row)) throw await integrity.denyRead(row.digest, repository, 'digest')
  requireReadable(row, { read_enabled: row.repository_read_enabled }, { read_enabled: row.tag_read_enabled })
  return { bytes: row.content, mediaType: row.media_type, digest: row.digest }
}
