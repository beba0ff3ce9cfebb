import { type AuditFile, openAuditLog } from '@acrux/server'
import { type DataDirFlags, configurationOf } from '../data-dir/data-dir.ts'

/** The exit codes of commands that read the audit log of a data directory. */
export const logExitCodes = {
  2: 'wrong option or setting',
  13: 'the audit log cannot be read',
  14: 'the master key cannot be read',
}

/** Opens the audit log of a server for the time of `work`. @throws StartupError if it cannot be read */
export async function onLog<T>(flags: DataDirFlags, work: (log: AuditFile) => Promise<T>): Promise<T> {
  const log = await openAuditLog(await configurationOf(flags))
  try {
    return await work(log)
  } finally {
    await log.close()
  }
}
