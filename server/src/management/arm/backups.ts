import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { timeText } from './response.ts'

const timeOrNull = timeText.nullable()

/** The backups that the server can make, and has made. */
export const backupsResponse = z
  .strictObject({
    availability: z
      .enum(['available', 'no-directory', 'unsupported'])
      .describe(
        'Whether the server can create a backup. A backup requires the setting `backup.directory` and an SQLite database.',
      ),
    last: z
      .strictObject({
        state: z.enum(['running', 'completed', 'failed']),
        startedAt: timeText,
        completedAt: timeOrNull,
        step: z.enum(['database', 'blobs']),
        doneBytes: z.int(),
        totalBytes: z.int().describe('The bytes of the current step; 0 while the number is unknown.'),
        id: z.string().nullable(),
        error: z.string().nullable(),
      })
      .nullable()
      .describe('The last backup that was requested since the server started.'),
    value: z
      .array(
        z.strictObject({
          id: z.string(),
          takenAt: timeText,
          version: z.string(),
          databaseBytes: z.int(),
          blobs: z.int(),
          blobBytes: z.int(),
          newBytes: z.int().describe('The total size of the blobs that no earlier backup contains.'),
          damaged: z
            .int()
            .describe(
              'The number of blobs that the backup lacks, because the blobs were missing or corrupt on the server.',
            ),
          hasKeys: z.boolean(),
        }),
      )
      .describe('Up to 50 complete backups in the directory, newest first.'),
    count: z.int(),
    problem: z.string().nullable().describe('Why the server cannot list the backup directory.'),
  })
  .register(apiSchemas, { id: 'Backups' })

/** The backups of this server. */
export type BackupsDocument = DocumentOf<typeof backupsResponse>

/** Why the server makes no backup now. */
export type BackupRejection = 'running' | 'no-directory' | 'unsupported'

/** Makes backups in the configured directory. */
export type BackupPort = {
  readonly status: () => Promise<BackupsDocument>
  /** Starts a backup after `record` has stored who requested it. Returns why none is started; then nothing is recorded. */
  readonly start: (record: () => Promise<void>) => Promise<BackupRejection | undefined>
}
