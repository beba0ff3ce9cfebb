import { z } from 'zod'
import { formatCheckpoint } from '../../audit/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { isoTime, timeText } from '../arm/response.ts'
import { type ServerStatus, statusResponse } from '../arm/server-status.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'auditChain' | 'auditLag' | 'resources' | 'serverSettings' | 'serverStatus'>

/** `GET /subscriptions/{s}/providers/Acrux.Server/status`: ours, not Azure's. */
export async function getStatus(context: Context, call: ManagementCall): Promise<ServerStatus> {
  await requireSubscription(context, call)
  return context.serverStatus()
}
getStatus.response = statusResponse

const timeOrNull = timeText.nullable()

const settingsResponse = z
  .strictObject({
    value: z.array(
      z.strictObject({
        key: z.string(),
        value: z.string().nullable().describe('As JSON; null if the setting has no value.'),
        source: z
          .string()
          .nullable()
          .describe('The flag, the variable, or the file and line that set it; null for a default.'),
        description: z.string(),
      }),
    ),
  })
  .register(apiSchemas, { id: 'ServerSettings' })

/**
 * `POST …/Acrux.Server/listSettings`: the configuration in force, and where each value comes from. An action, because paths and
 * addresses of the operator are not for everybody who may read.
 */
export async function listSettings(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof settingsResponse>> {
  await requireSubscription(context, call)
  const value = context
    .serverSettings()
    .map(({ value = null, source = null, ...setting }) => ({ ...setting, value, source }))
  return { value }
}
listSettings.body = 'none' as const
listSettings.response = settingsResponse

const auditChainResponse = z
  .strictObject({
    checkpoint: z
      .string()
      .nullable()
      .describe('The number and the hash of the last block, in the format of `acrux audit verify --expect`.'),
    lastBlockAt: timeOrNull,
    isSealed: z.boolean().describe('Whether the hash chain ends with the block that the server sealed last.'),
    waitingSeconds: z.number().describe('The age of the oldest event that the hash chain does not contain yet.'),
  })
  .register(apiSchemas, { id: 'AuditChain' })

/** `GET …/Acrux.Server/auditChain`: the end of the hash chain of the audit log. */
export async function getAuditChain(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof auditChainResponse>> {
  await requireSubscription(context, call)
  const { last, isSealed } = await context.auditChain.state()
  return {
    checkpoint: last === undefined ? null : formatCheckpoint(last),
    lastBlockAt: isoTime(last?.madeAtMs),
    isSealed,
    waitingSeconds: await context.auditLag.chainSeconds(),
  }
}
getAuditChain.response = auditChainResponse
