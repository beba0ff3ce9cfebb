import { accessMigrations } from '../../authorization/index.ts'
import { auditMigrations } from '../../audit/index.ts'
import { credentialMigrations } from '../../credentials/index.ts'
import { directoryMigrations } from '../../directory/index.ts'
import { identityMigrations } from '../../identity/index.ts'
import { signingKeyMigrations } from '../../platform/keys/migrations.ts'
import { processMigrations } from '../../platform/jobs/migrations.ts'
import { acmeMigrations } from '../../platform/acme/migrations.ts'
import { installationMigrations } from '../../platform/sql/installation.ts'
import type { Migration } from '../../platform/sql/migrations.ts'
import { authorityMigrations } from '../../platform/tls/migrations.ts'
import { importMigrations } from '../../imports/index.ts'
import { portalMigrations } from '../../portal-host/index.ts'
import { registryMigrations } from '../../registry/index.ts'
import { resourcesMigrations } from '../../resources/index.ts'
import { signInMigrations } from '../../sign-in/index.ts'
import { issuerMigrations } from '../../issuers/index.ts'

/** All migrations, in the order of execution. Append a new migration to the list of its module. */
export const migrations: readonly Migration[] = [
  ...auditMigrations,
  ...signingKeyMigrations,
  ...resourcesMigrations,
  ...directoryMigrations,
  ...credentialMigrations,
  ...identityMigrations,
  ...issuerMigrations,
  ...signInMigrations,
  ...accessMigrations,
  ...registryMigrations,
  ...importMigrations,
  ...acmeMigrations,
  ...processMigrations,
  ...installationMigrations,
  ...authorityMigrations,
  ...portalMigrations,
]
