import { type AuditFile, auditFileIn, openAuditFile } from '../../audit/index.ts'
import { masterKeyFileIn } from '../../platform/files/data-dir.ts'
import { openSealer } from '../../platform/keys/sealing.ts'
import { type DatabasePlace, openCurrentDatabase } from '../state/open-database.ts'

/** Opens the audit log of a server for reading. The server can be running. @throws StartupError if it cannot be read */
export async function openAuditLog(place: DatabasePlace): Promise<AuditFile> {
  if (place.database.url === undefined) return openAuditFile(place.dataDir)
  const sealer = await openSealer(masterKeyFileIn(place.dataDir), { create: false })
  return auditFileIn(await openCurrentDatabase(place), sealer)
}
