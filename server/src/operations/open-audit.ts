import { type AuditFile, auditFileIn, openAuditFile } from '../audit/index.ts'
import { type DatabasePlace, openCurrentDatabase, openDatabaseSealer } from '../installation/index.ts'

/** Opens the audit log of a server for reading. The server can be running. @throws StartupError if the audit log cannot be read */
export async function openAuditLog(place: DatabasePlace): Promise<AuditFile> {
  if (place.database.url === undefined) {
    return openAuditFile(place.dataDir, (snapshot) => openDatabaseSealer(place, snapshot))
  }
  const database = await openCurrentDatabase(place)
  try {
    return auditFileIn(database, await openDatabaseSealer(place, database))
  } catch (error) {
    await database.close()
    throw error
  }
}
