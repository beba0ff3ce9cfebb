import { auditMigrations } from '../../src/audit/index.ts'
import { credentialMigrations } from '../../src/credentials/index.ts'
import { directoryMigrations } from '../../src/directory/index.ts'
import { identityMigrations } from '../../src/identity/index.ts'
import { signingKeyMigrations } from '../../src/platform/keys/migrations.ts'

/** The migrations of the OpenID provider, and of the modules that it needs. */
export const providerMigrations = [
  ...auditMigrations,
  ...signingKeyMigrations,
  ...directoryMigrations,
  ...credentialMigrations,
  ...identityMigrations,
]
