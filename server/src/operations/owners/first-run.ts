import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { type Access, ownerRole } from '../../authorization/index.ts'
import type { Audit } from '../../audit/index.ts'
import type { Directory } from '../../directory/index.ts'
import { type Credentials, type FixedServicePrincipal, prepareGeneratedPassword } from '../../credentials/index.ts'
import { preparedFileIn } from '../../platform/files/data-dir.ts'
import { writeFileDurably } from '../../platform/files/durable-file.ts'
import { newFirstPassword } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import type { Resources } from '../../resources/index.ts'
import type { LoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { registryId, subscriptionId as subscriptionScope } from '@acrux/shared/standards/azure/resource-id.ts'

/**
 * The content of `first-run.json`, which a server writes when its data directory is new. The file contains the data for the first sign-in.
 * Only this file contains the two passwords unencrypted.
 */
export type FirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly resourceGroup: string
  readonly registry: string
  readonly loginServer: string
  /** The base URL of the management API. */
  readonly resourceManager: string
  /** The certificate authority that clients must trust. Null over HTTP and for a configured certificate. */
  readonly caFile: string | null
  readonly owner: { readonly userPrincipalName: string; readonly password: string }
  readonly servicePrincipal: { readonly appId: string; readonly password: string }
}

/** Fixed ids and secrets for a first start. Other people know these secrets, so they are for tests only. */
export type FixedFirstRun = {
  readonly tenantId: string
  readonly subscriptionId: string
  readonly ownerPassword: string
  /** A service principal whose secret never expires. */
  readonly servicePrincipal: FixedServicePrincipal
}

export type FirstRunOptions = {
  readonly database: Database
  readonly audit: Audit
  readonly resources: Resources
  readonly credentials: Credentials
  readonly directory: Directory
  readonly access: Access
  readonly registryName: string
  /** Whether the first owner must change the generated password at the first sign-in. */
  readonly mustChangePassword: boolean
  /** The fixed ids and secrets. By default, the ids and secrets are random. */
  readonly fixed?: FixedFirstRun | undefined
  readonly loginServer: LoginServer
  readonly resourceManager: string
  readonly caFile: string | null
  /** The file to write. Only the owner of the file may read it. */
  readonly file: string
  /** The function runs this callback before it commits the change. */
  readonly onCreate: () => Promise<void>
}

/** The number of days until shortly before the end of the year 9999. */
const foreverDays = 2_900_000

const domain = 'acrux.localhost'
const location = 'local'

/**
 * Creates what a new server needs: a tenant, a subscription, a resource group, a registry, and two owners, a user and a service principal.
 * Returns undefined if a subscription exists already.
 *
 * The function flushes the file before it commits the change. If the server is killed between these steps, the first start is repeated, and
 * no owner with an unknown password remains.
 */
export async function createFirstRun(options: FirstRunOptions): Promise<FirstRun | undefined> {
  const { database, resources } = options
  if ((await resources.listSubscriptions()).length > 0) return undefined
  return database.exclusiveTransaction(async (transaction) => {
    // Another server on the same database may have created the subscription in the meantime.
    if ((await resources.listSubscriptions()).length > 0) return undefined
    const { credentials, directory, access, audit, fixed } = options
    const { tenantId, subscriptionId } = fixed ?? { tenantId: randomUUID(), subscriptionId: randomUUID() }
    const resourceGroup = 'default'
    const password = fixed?.ownerPassword ?? newFirstPassword()
    const userPrincipalName = `owner@${domain}`
    const author = { name: 'first run', kind: 'Application' } as const

    await directory.createTenant(transaction, { tenantId, displayName: 'Acrux', defaultDomain: domain })
    const user = await directory.createUser(transaction, {
      userPrincipalName,
      displayName: 'Owner',
      password: prepareGeneratedPassword(password),
      mustChangePassword: options.mustChangePassword,
      directoryRole: 'owner',
    })
    const { servicePrincipal, secret } = await credentials.createServicePrincipal(transaction, {
      displayName: 'acrux-owner',
      directoryRole: 'owner',
      ...(fixed && { fixed: fixed.servicePrincipal, secretDays: foreverDays }),
    })
    await resources.createSubscription(transaction, { subscriptionId, tenantId, displayName: 'Acrux' })
    await resources.putResourceGroup(transaction, { subscriptionId, name: resourceGroup, location, tags: {} })
    const registry = await resources.createRegistry(transaction, {
      subscriptionId,
      resourceGroup,
      name: options.registryName,
      location,
      loginServer: options.loginServer,
      change: {},
      author,
    })
    const scope = subscriptionScope(subscriptionId)
    const owners = [
      { principalId: user.objectId, principalType: 'User' },
      { principalId: servicePrincipal.objectId, principalType: 'ServicePrincipal' },
    ] as const
    for (const owner of owners) {
      await access.createAssignment(transaction, {
        ...owner,
        name: randomUUID(),
        scope,
        roleDefinitionName: ownerRole,
        condition: null,
        conditionVersion: null,
        createdBy: servicePrincipal.objectId,
      })
    }
    await audit.record(transaction, {
      action: 'server.first-run',
      outcome: 'success',
      actor: { kind: 'system', id: 'acrux' },
      target: registryId(subscriptionId, resourceGroup, registry.name),
      origin: { correlationId: randomUUID(), remoteAddress: '', userAgent: undefined },
    })
    const firstRun: FirstRun = {
      tenantId,
      subscriptionId,
      resourceGroup,
      registry: registry.name,
      loginServer: registry.loginServer,
      resourceManager: options.resourceManager,
      caFile: options.caFile,
      owner: { userPrincipalName, password },
      servicePrincipal: { appId: servicePrincipal.appId, password: secret },
    }
    await options.onCreate()
    await writeFileDurably(options.file, `${JSON.stringify(firstRun, undefined, 2)}\n`, 0o600)
    return firstRun
  })
}

/**
 * Completes the first start with a copy of a prepared data directory. A first start created this directory, and its `first-run.json` was
 * renamed to `prepared.json`. A start from a copy takes less time, because the database, the keys and the owners already exist. All copies
 * have the same ids, keys and secrets, so the copies are for tests only, and `acrux serve` rejects them. The registry gets the login server
 * of the settings. Returns undefined if the directory is not prepared.
 */
export async function completeFirstRun(
  options: Pick<FirstRunOptions, 'database' | 'resources' | 'loginServer' | 'resourceManager' | 'caFile' | 'file'>,
): Promise<FirstRun | undefined> {
  const { database, resources, loginServer, resourceManager, caFile, file } = options
  const preparedFile = preparedFileIn(path.dirname(file))
  if (!existsSync(preparedFile)) return undefined
  const prepared = JSON.parse(await readFile(preparedFile, 'utf8')) as FirstRun
  await database.transaction((transaction) => resources.moveRegistries(transaction, loginServer))
  const firstRun: FirstRun = { ...prepared, loginServer, resourceManager, caFile }
  await writeFileDurably(file, `${JSON.stringify(firstRun, undefined, 2)}\n`, 0o600)
  await rm(preparedFile)
  return firstRun
}

/**
 * Updates the addresses and the certificate authority in `first-run.json` after a start with other settings, such as another port. If the
 * operator has deleted or changed the file, the function does nothing.
 */
export async function updateFirstRun(
  options: Pick<FirstRunOptions, 'loginServer' | 'resourceManager' | 'caFile' | 'file'>,
): Promise<void> {
  const { file, loginServer, resourceManager, caFile } = options
  const text = await readFile(file, 'utf8').catch(() => undefined)
  const stored = text === undefined ? undefined : parseFirstRun(text)
  if (stored === undefined) return
  const updated = `${JSON.stringify({ ...stored, loginServer, resourceManager, caFile }, undefined, 2)}\n`
  if (updated !== text) await writeFileDurably(file, updated, 0o600)
}

function parseFirstRun(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'loginServer' in value ? value : undefined
  } catch {
    return undefined
  }
}
