import { hash } from 'node:crypto'
import { z } from 'zod'

/** The problem of a blob: its file is missing, has the wrong size, or does not match the digest. */
export type BlobProblem = { readonly digest: string; readonly problem: 'missing' | 'corrupt' }

const hex64 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

/** The description of a complete backup, in the form of its `backup.json`. */
export const backupSchema = z.object({
  format: z.literal(1),
  id: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/),
  /** The time of the snapshot of the database. */
  takenAt: z.iso.datetime(),
  /** The version of Acrux that wrote the backup. */
  acrux: z.string(),
  database: z.object({ sizeBytes: count, sha256: hex64, rows: z.record(z.string(), count) }),
  blobs: z.object({ count, sizeBytes: count, newCount: count, newSizeBytes: count }),
  /** The blobs that were not copied because their files on the server were missing or corrupt. */
  damaged: z.array(z.object({ digest: z.string(), problem: z.enum(['missing', 'corrupt']) })),
  /** The hash of the file with the encrypted keys; null for a backup without keys. */
  keysSha256: hex64.nullable(),
  /**
   * The hash of the other fields of this description, sealed with the master key. Without the key, nobody can alter the backup unnoticed.
   */
  seal: z.string().nullable(),
})

/** A complete backup. */
export type Backup = z.output<typeof backupSchema>

/** The hash of a description without the seal. */
export function descriptionHash(backup: Omit<Backup, 'seal'>): string {
  // The schema sorts the fields into a fixed order.
  return hash('sha256', JSON.stringify(backupSchema.parse({ ...backup, seal: null })), 'hex')
}

/** The progress of a long operation. */
export type Progress = {
  readonly step: 'database' | 'blobs'
  readonly doneBytes: number
  readonly totalBytes: number
}

/** The function calls this callback often with the progress. */
export type OnProgress = (progress: Progress) => void
