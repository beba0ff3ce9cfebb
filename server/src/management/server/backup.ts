import { attributionOf } from '../../audit/index.ts'
import { subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import { type BackupRejection, type BackupsDocument, backupsResponse } from '../arm/backups.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { ServerContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { requireSubscription } from '../arm/subscriptions.ts'

type Context = Pick<ServerContext, 'audit' | 'backups' | 'resources'>

const rejections: Readonly<Record<BackupRejection, string>> = {
  running: 'A backup is running. Wait until the backup ends.',
  'no-directory': 'No directory for backups is configured. Set backup.directory, and restart the server.',
  unsupported: 'The server uses a PostgreSQL database, which the server does not back up.',
}

/**
 * `POST /subscriptions/{s}/providers/Acrux.Server/backup`: ours, not Azure's. Starts a backup without keys to the directory of the
 * configuration; a request cannot name one. One runs at a time.
 */
export async function startBackup(context: Context, call: ManagementCall): Promise<BackupsDocument> {
  const { subscriptionId: subscription } = await requireSubscription(context, call)
  const event = { action: 'backup.start', target: subscriptionId(subscription) }
  const rejection = await context.backups.start(async () => {
    await context.audit.append({ ...event, outcome: 'success', ...attributionOf(call.caller), origin: call.origin })
  })
  if (rejection !== undefined) throw new ArmError('conflict', rejections[rejection])
  call.reply.code(202)
  return context.backups.status()
}
startBackup.body = 'none' as const
startBackup.response = backupsResponse

/** `GET …/Acrux.Server/backup`: the backup that was requested last, and the complete ones. */
export async function getBackup(context: Context, call: ManagementCall): Promise<BackupsDocument> {
  await requireSubscription(context, call)
  return context.backups.status()
}
getBackup.response = backupsResponse
