import { z } from 'zod'

/** What is wrong with a blob: its file is missing, has another size, or other bytes than its digest says. */
export type BlobProblem = { readonly digest: string; readonly problem: 'missing' | 'corrupt' }

const hex64 = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)

/** The description of a complete backup, as it is in its `backup.json`. */
export const backupSchema = z.object({
  format: z.literal(1),
  id: z.string().regex(/^\d{8}T\d{6}Z-[0-9a-f]{6}$/),
  /** The moment that rows and blobs are of. */
  takenAt: z.iso.datetime(),
  /** Which Acrux wrote it. */
  acrux: z.string(),
  database: z.object({ sizeBytes: count, sha256: hex64, rows: z.record(z.string(), count) }),
  blobs: z.object({ count, sizeBytes: count, newCount: count, newSizeBytes: count }),
  /** Blobs that could not be copied since the server's own files were bad. */
  damaged: z.array(z.object({ digest: z.string(), problem: z.enum(['missing', 'corrupt']) })),
  /** Of the file with the encrypted keys; null where they were not asked for. */
  keysSha256: hex64.nullable(),
  /** The hash of the database, sealed under the server's master key: who lacks the key cannot make a backup that fits it. */
  seal: z.string().nullable(),
})

/** A complete backup. */
export type Backup = z.output<typeof backupSchema>

/** What long work has done so far. */
export type Progress = {
  readonly step: 'database' | 'blobs'
  readonly doneBytes: number
  readonly totalBytes: number
}

/** Is told of progress, often. */
export type OnProgress = (progress: Progress) => void
