import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import { timeText } from './response.ts'

const timeOrNull = timeText.nullable()

/** The certificate that clients get at a host. */
export const certificateResponse = z
  .strictObject({
    host: z.string(),
    source: z
      .enum(['own', 'configured', 'acme'])
      .describe(
        "The source of the certificate: the server's certificate authority, configured files, or the ACME provider.",
      ),
    issuer: z.string(),
    validFrom: timeText,
    expiresAt: timeText,
    coversHost: z.boolean(),
    acme: z
      .strictObject({
        state: z
          .enum(['issued', 'waiting', 'failed'])
          .describe('Whether the last attempt to get a certificate succeeded; `waiting` before the first attempt.'),
        renewalDueAt: timeOrNull,
        failures: z.int().describe('The number of consecutive failed attempts to get the certificate.'),
        lastError: z.string().nullable(),
        failedAt: timeOrNull,
        nextAttemptAt: timeOrNull,
      })
      .nullable()
      .describe('Null for a host whose certificate does not come from an ACME provider.'),
  })
  .register(apiSchemas, { id: 'HostCertificate' })

export type HostCertificate = DocumentOf<typeof certificateResponse>
