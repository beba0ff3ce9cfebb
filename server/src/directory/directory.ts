import { randomUUID } from 'node:crypto'
import type { Audit } from '../audit/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { hashPassword } from '../platform/password-hash.ts'
import type { Database } from '../platform/sql/database.ts'
import { parseGuid } from '../spec/guid.ts'
import { type OnPrincipalDeleted, createApplications } from './applications.ts'
import { createApplicationSignInStore } from './application-sign-in.ts'
import { andThen } from './authority-memory.ts'
import { createSecretCheck, createStandingCheck } from './client-secrets.ts'
import { createCredentials, defaultSecretDays } from './credentials.ts'
import { NameTakenError } from './errors.ts'
import type { Directory, Tenant } from './index.ts'
import { createMachines } from './machines.ts'
import { createManagedIdentities } from './managed-identities.ts'
import { createManagedIdentityStore } from './managed-identity-store.ts'
import {
  isName,
  nameKey,
  servicePrincipalAsPrincipal,
  toServicePrincipal,
  toUser,
  userAsPrincipal,
} from './principals.ts'
import { graphRoutes, mountGraphSurface } from './routes.ts'
import { createDirectoryStore } from './store.ts'

export type DirectoryOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly audit: Audit
  readonly log: Log
  /** Scheme, host and port under which clients reach the server, as `https://localhost:5443`. */
  readonly publicOrigin: string
  /** Ends what a deleted principal was given in other rooms. */
  readonly onPrincipalDeleted: OnPrincipalDeleted
  /** No credential may be valid for longer than so many days from now. 732 by default: two years, one of them a leap year. */
  readonly longestCredentialDays?: number
}

const dayMs = 24 * 60 * 60 * 1000
const userPrincipalNamePattern = /^[A-Za-z0-9'._!#^~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/

/** Opens the directory room. */
export function createDirectory(options: DirectoryOptions): Directory {
  const { database, clock, audit, log, publicOrigin, onPrincipalDeleted, longestCredentialDays = 732 } = options
  const store = createDirectoryStore(database)
  const managedStore = createManagedIdentityStore(database)
  const signIns = createApplicationSignInStore(database)
  const credentials = createCredentials({ store, clock, longestCredentialDays })
  const applications = createApplications({ store, signIns, clock, credentials, onPrincipalDeleted })
  const checkSecret = createSecretCheck(database, clock, store)
  const checkStanding = createStandingCheck(database, clock, store)
  let tenant: Tenant | undefined

  async function readTenant(): Promise<Tenant> {
    if (tenant !== undefined) return tenant
    const row = await store.tenant()
    if (row === undefined) throw new Error('there is no tenant yet')
    tenant = { tenantId: row.tenant_id, displayName: row.display_name, defaultDomain: row.default_domain }
    return tenant
  }

  return {
    tenant: readTenant,
    createTenant: async (transaction, { tenantId, displayName, defaultDomain }) => {
      const row = {
        tenant_id: tenantId.toLowerCase(),
        display_name: displayName,
        default_domain: nameKey(defaultDomain),
      }
      await store.insertTenant(transaction, { only: 1, ...row })
    },
    createUser: async (transaction, user) => {
      if (!userPrincipalNamePattern.test(user.userPrincipalName) || !isName(user.userPrincipalName)) {
        throw new RangeError('a user principal name is a name, an @ and a domain')
      }
      const row = {
        object_id: randomUUID(),
        user_principal_name: user.userPrincipalName,
        user_principal_name_key: nameKey(user.userPrincipalName),
        display_name: user.displayName,
        display_name_key: nameKey(user.displayName),
        password_hash: await hashPassword(user.password),
        enabled: 1,
        directory_role: user.directoryRole ?? null,
        created_at_ms: clock.now(),
      }
      if (!(await store.insertUser(transaction, row))) throw new NameTakenError(user.userPrincipalName)
      return toUser(row)
    },
    createServicePrincipal: async (transaction, { displayName, directoryRole, secretDays = defaultSecretDays }) => {
      const application = await applications.createApplication(transaction, { displayName }, null)
      const role = { enabled: true, directoryRole: directoryRole ?? null }
      const principal = await applications.createServicePrincipal(transaction, application.app_id, role)
      const { secretText, row } = credentials.prepareSecret(
        { holderId: application.object_id, appId: application.app_id },
        { displayName: null, startsAtMs: undefined, expiresAtMs: clock.now() + secretDays * dayMs },
      )
      await credentials.insertSecret(transaction, row)
      return { servicePrincipal: toServicePrincipal(principal), secret: secretText }
    },

    checkClientSecret: checkSecret,
    credentialStands: (objectIdText, credentialId) => {
      const objectId = parseGuid(objectIdText)
      return objectId === undefined ? false : checkStanding(objectId, credentialId)
    },
    findPrincipal: (objectIdText) => {
      const objectId = parseGuid(objectIdText)
      if (objectId === undefined) return undefined
      return andThen(store.servicePrincipalById(objectId), (principal) => {
        if (principal !== undefined) return servicePrincipalAsPrincipal(principal)
        return andThen(store.userById(objectId), (user) => (user === undefined ? undefined : userAsPrincipal(user)))
      })
    },
    findApplication: (appIdText) => {
      const appId = parseGuid(appIdText)
      return appId === undefined ? undefined : signIns.find(appId)
    },
    findServicePrincipalByAppId: (appIdText) => {
      const appId = parseGuid(appIdText)
      if (appId === undefined) return undefined
      return andThen(store.servicePrincipalByAppId(appId), (row) =>
        row === undefined ? undefined : toServicePrincipal(row),
      )
    },
    groupIdsOf: () => [],
    managedIdentities: createManagedIdentities({ store, managedStore, clock, onPrincipalDeleted }),
    machines: createMachines({ database, managedStore, clock }),
    routes: graphRoutes,
    mountGraph: (app, authenticate) =>
      mountGraphSurface(app, {
        authenticate,
        graph: { database, audit, log, publicOrigin, tenant: readTenant, store, signIns, credentials, applications },
      }),
  }
}
