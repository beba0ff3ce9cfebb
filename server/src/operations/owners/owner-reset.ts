import { type Access, createAccess, ownerRole } from '../../authorization/index.ts'
import { type Audit, createAudit } from '../../audit/index.ts'
import { type Directory, DirectoryError, type User, createDirectory } from '../../directory/index.ts'
import { type Credentials, createCredentials, prepareGeneratedPassword } from '../../credentials/index.ts'
import {
  type DatabasePlace,
  applyMigrations,
  openDatabase,
  requireDatabase,
  requireOwnRows,
} from '../../installation/index.ts'
import { systemClock } from '../../platform/process/clock.ts'
import { sendControlCommand } from '../../platform/process/control-channel.ts'
import { DataDirLockedError, openDataDir } from '../../platform/files/data-dir.ts'
import { newFirstPassword } from '../../platform/keys/sealing.ts'
import type { Database } from '../../platform/sql/database.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { type Resources, createResources } from '../../resources/index.ts'
import { subscriptionId as subscriptionScope } from '@acrux/shared/standards/azure/resource-id.ts'

/** The owner whose password is reset, and the second factors to remove. */
export type OwnerResetRequest = {
  /** A user principal name. The value may be undefined if there is only one owner. */
  readonly user: string | undefined
  /** Whether to remove the authenticator app, the passkeys and the recovery codes. */
  readonly removeSecondFactors: boolean
}

/** The result of a reset. */
export type OwnerReset = {
  readonly userPrincipalName: string
  /** The new password, which the owner must change at the next sign-in. */
  readonly password: string
  /**
   * A one-time code for the setup of the first second factor, if the policy requires a code from an owner. The reset creates the code
   * because another owner may not exist. The value is undefined if the owner already has a second factor.
   */
  readonly accessPass: string | undefined
  /** The sign-in methods that remain in addition to the password. */
  readonly remaining: {
    readonly authenticatorApp: boolean
    readonly passkeys: number
    readonly recoveryCodes: number
    readonly identityProviders: number
  }
}

/** The reason why the reset failed, and how to fix the problem. */
export class OwnerResetError extends Error {
  override readonly name = 'OwnerResetError'
}

/** The modules that a reset uses. */
export type OwnerResetContext = {
  readonly database: Database
  readonly credentials: Credentials
  readonly directory: Directory
  readonly access: Access
  readonly resources: Resources
  readonly audit: Audit
}

const accessPassMs = 24 * 60 * 60 * 1000

/**
 * Sets a new password for an owner: a user with the role Owner at a subscription or in the directory. The password must be changed at the
 * next sign-in. The reset also ends the sign-ins of the user, enables the user, and records an audit event.
 *
 * @throws OwnerResetError
 */
export async function resetOwner(context: OwnerResetContext, request: OwnerResetRequest): Promise<OwnerReset> {
  const { database, credentials, directory, audit } = context
  const owner = await chooseOwner(context, request.user)
  const { objectId, userPrincipalName } = owner
  const password = newFirstPassword()
  const prepared = prepareGeneratedPassword(password)
  const origin = { correlationId: newTimeOrderedId(Date.now()), remoteAddress: '', userAgent: undefined }
  const reset = { mustChange: true, removesMethods: request.removeSecondFactors, origin }
  const before = await credentials.secondFactors.of(objectId)
  const keepsSecondFactor = !request.removeSecondFactors && (before.totp || before.passkeys > 0)
  const accessPass = await database
    .transaction(async (transaction) => {
      if (!owner.enabled) await directory.people.updateUser(transaction, objectId, { enabled: true })
      await credentials.resetPassword(transaction, objectId, prepared, reset)
      await audit.record(transaction, {
        action: 'owner.reset',
        outcome: 'success',
        actor: { kind: 'system', id: 'acrux' },
        target: `users/${objectId}`,
        detail: { userPrincipalName, removedSecondFactors: request.removeSecondFactors, enabled: !owner.enabled },
        origin,
      })
      if (keepsSecondFactor) return undefined
      const event = { kind: 'method-added', detail: 'access-pass', origin } as const
      await credentials.securityEvents.record(transaction, objectId, event)
      return credentials.accessPasses.create(transaction, objectId, { lifetimeMs: accessPassMs, createdBy: null })
    })
    .catch((error: unknown) => {
      if (error instanceof DirectoryError) throw new OwnerResetError(error.message, { cause: error })
      throw error
    })
  const factors = await credentials.secondFactors.of(objectId)
  const identities = await directory.people.identitiesOf(objectId)
  const { totp: authenticatorApp, passkeys, recoveryCodes } = factors
  const remaining = { authenticatorApp, passkeys, recoveryCodes, identityProviders: identities.length }
  return { userPrincipalName, password, accessPass, remaining }
}

async function chooseOwner(context: OwnerResetContext, name: string | undefined): Promise<User> {
  const owners = await listOwners(context)
  const names = owners.map(({ userPrincipalName }) => userPrincipalName).join(', ')
  const [only, ...more] = name === undefined ? owners : owners.filter(isNamed(name))
  if (only === undefined) {
    const problem = name === undefined ? 'no user is an owner' : `${name} is not an owner`
    throw new OwnerResetError(names === '' ? problem : `${problem}; owners are ${names}`)
  }
  if (more.length > 0) throw new OwnerResetError(`there are several owners; select one with --user: ${names}`)
  return only
}

function isNamed(name: string): (user: User) => boolean {
  return ({ userPrincipalName }) => userPrincipalName.toLowerCase() === name.toLowerCase()
}

async function listOwners({ directory, access, resources }: OwnerResetContext): Promise<User[]> {
  const ids = new Set<string>()
  for (const { subscriptionId } of await resources.listSubscriptions()) {
    const scope = subscriptionScope(subscriptionId)
    const assignments = await access.listAssignments({ scope, includeBelow: false })
    for (const { principalId, principalType, roleDefinitionName } of assignments) {
      if (principalType === 'User' && roleDefinitionName === ownerRole) ids.add(principalId)
    }
  }
  for (const { objectId, role } of await directory.roles.holders()) if (role === 'owner') ids.add(objectId)
  const users = await Promise.all([...ids].map(async (id) => directory.findUser(id)))
  return users.filter((user) => user !== undefined)
}

/**
 * Resets an owner in the data directory of a stopped server.
 *
 * @throws DataDirLockedError if a server is running; OwnerResetError; StartupError
 */
async function resetOwnerStopped(place: DatabasePlace, request: OwnerResetRequest): Promise<OwnerReset> {
  requireDatabase(place)
  const dataDir = await openDataDir(place.dataDir)
  try {
    const database = await openDatabase(place)
    try {
      const clock = systemClock
      const { sealer } = await applyMigrations(database, place.migrations, { clock, place })
      await requireOwnRows(dataDir.path, database, { clock, sealer })
      const resources = createResources({ database, clock, sealer, suffix: 'localhost', defaultPort: 443 })
      const access = createAccess({ database, clock })
      const people = createDirectory({
        database,
        clock,
        trustedTenants: [],
        onPrincipalDeleted: () => Promise.reject(new Error('a reset must not delete a principal')),
        onApplicationDeleted: () => Promise.reject(new Error('a reset must not delete an application')),
        subscriptionOwners: (transaction) => access.subscriptionOwners(transaction),
      })
      const credentials = createCredentials({
        database,
        clock,
        directory: people,
        sealer,
        publicOrigin: 'https://localhost',
        acceptsIssuer: () => false,
      })
      return await resetOwner(
        { database, credentials, directory: people, access, resources, audit: createAudit({ database, clock }) },
        request,
      )
    } finally {
      await database.close()
    }
  } finally {
    dataDir.close()
  }
}

/**
 * Resets an owner in a data directory. If a server is running, the server does the reset, so that it deletes its cached data of the owner.
 *
 * @throws OwnerResetError; StartupError
 */
export async function resetOwnerIn(place: DatabasePlace, request: OwnerResetRequest): Promise<OwnerReset> {
  try {
    return await resetOwnerStopped(place, request)
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error
  }
  const answer = await sendControlCommand(place.dataDir, { command: resetCommand, ...request })
  if (!answer.ok) throw new OwnerResetError(answer.message)
  return answer.result as OwnerReset
}

/** The name of the command with which a running server resets an owner. */
export const resetCommand = 'owner-reset'
