import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { timeText } from './response.ts'

const timeOrNull = timeText.nullable()

/** The response with the state of a server. */
export const statusResponse = z
  .strictObject({
    version: z.string(),
    startedAt: timeText,
    status: z.enum(['ok', 'degraded', 'unavailable']),
    components: z.array(
      z.strictObject({ name: z.string(), state: z.enum(['ok', 'degraded', 'unavailable']), message: z.string() }),
    ),
    servers: z
      .array(
        z.strictObject({
          id: z.string(),
          isThis: z.boolean().describe('Whether this server sent the response.'),
          host: z
            .string()
            .nullable()
            .describe("The name of the server's machine. Null if the server runs an earlier version."),
          version: z.string().nullable(),
          startedAt: timeOrNull,
          lastSeenAt: timeOrNull.describe("The time of the server's last heartbeat, by the server's own clock."),
          runsJobs: z.boolean().describe('Whether this server runs the background jobs of all servers.'),
        }),
      )
      .describe('The running servers that use the database of this server.'),
    disk: z
      .strictObject({ totalBytes: z.int(), freeBytes: z.int(), reserveBytes: z.int(), isLow: z.boolean() })
      .nullable()
      .describe('Null if the content is not on a disk of the server.'),
    certificate: z
      .strictObject({ expiresAt: timeText, authorityExpiresAt: timeOrNull, authorityFile: z.string().nullable() })
      .nullable()
      .describe(
        'Null without TLS. If the certificate is configured, `authorityExpiresAt` and `authorityFile` are null.',
      ),
    signingKeys: z.array(
      z.strictObject({ name: z.enum(['registry', 'identity']), createdAt: timeText, rotationDueAt: timeText }),
    ),
    lastCollectionAt: timeOrNull.describe(
      'The time of the last garbage collection by any server that uses the database.',
    ),
  })
  .register(apiSchemas, { id: 'ServerStatus' })

/** The state of the server that answers. */
export type ServerStatus = DocumentOf<typeof statusResponse>
