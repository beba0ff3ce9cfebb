import { z } from 'zod'
import type { Machine } from '../../credentials/index.ts'
import type { ManagedIdentity } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { normalizeScope, parseResourceId, userAssignedIdentityId } from '@acrux/shared/standards/azure/resource-id.ts'
import { optional } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { IdentitiesContext } from './context.ts'
import { ArmError } from '../arm/errors.ts'
import { linkedForbidden, requireMayBecome } from '../arm/may-become.ts'

const assignAction = 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'

/** Few enough that one document shows them. */
const maxIdentities = 20

/** The `identity` of a machine's body. Every machine has an identity of its own. [ARM, ManagedServiceIdentity] */
export const identitySchema = z.object({
  type: z
    .string()
    .transform((text) => text.replaceAll(' ', '').toLowerCase())
    .pipe(z.enum(['systemassigned', 'systemassigned,userassigned'])),
  userAssignedIdentities: optional(z.record(z.string(), z.object({}).nullable())),
})

type IdentityPlace = { readonly subscriptionId: string; readonly resourceGroup: string; readonly name: string }

/** The identities that a request attaches to a machine and detaches from it. */
export type WantedIdentities = {
  readonly attach: readonly IdentityPlace[]
  /** ARM ids in lower case. */
  readonly detach: readonly string[]
  /** Whether all other identities are detached. */
  readonly detachOthers: boolean
}

/**
 * Reads the identities in a body. An identity with the value null is detached. To attach an identity, the caller needs the
 * permission to assign it, because the machine can then get tokens for it. The type "SystemAssigned" alone detaches all
 * user-assigned identities.
 *
 * @throws ArmError
 */
export async function readWantedIdentities(
  context: Pick<IdentitiesContext, 'access' | 'directory' | 'mayBecome'>,
  call: ManagementCall,
  body: z.output<typeof identitySchema>,
): Promise<WantedIdentities> {
  const named = Object.entries(body.userAssignedIdentities ?? {})
  const attached = named.filter(([, value]) => value !== null)
  if (attached.length > maxIdentities) throw invalidIdentity(`A machine has at most ${maxIdentities} identities.`)
  if (body.type === 'systemassigned' && attached.length > 0) {
    throw invalidIdentity("User-assigned identities require the identity type 'SystemAssigned,UserAssigned'.")
  }
  const attach = []
  for (const [text] of attached) {
    const place = parseIdentityId(text)
    if (place === undefined)
      throw invalidIdentity('A key of userAssignedIdentities is not the id of a user-assigned identity.')
    const id = userAssignedIdentityId(place.subscriptionId, place.resourceGroup, place.name)
    const identity = await context.directory.managedIdentities.find('user-assigned', place)
    await requireAssignable(context, call, [identity ?? { id }])
    attach.push(place)
  }
  const detach = named.filter(([, value]) => value === null).map(([text]) => normalizeScope(text))
  return { attach, detach, detachOthers: body.type === 'systemassigned' }
}

/** Requires that the caller may assign each of the identities and act for it, and returns their ids. @throws ArmError */
export async function requireAssignable(
  context: Pick<IdentitiesContext, 'access' | 'mayBecome'>,
  call: Pick<ManagementCall, 'caller'>,
  identities: readonly (Pick<ManagedIdentity, 'id'> & Partial<Pick<ManagedIdentity, 'objectId'>>)[],
): Promise<ReadonlySet<string>> {
  for (const { id, objectId } of identities) {
    if (!(await context.access.mayManage(call.caller.rights, assignAction, id))) throw mayNotAssign(call.caller, id)
    // An identity that does not exist is reported when it is attached.
    if (objectId !== undefined) await requireMayBecome(context, call, { id, objectId })
  }
  return new Set(identities.map(({ id }) => id))
}

/**
 * Attaches and detaches identities.
 *
 * @throws ArmError for an identity that does not exist, and for too many
 */
export async function assignIdentities(
  { credentials, directory }: Pick<IdentitiesContext, 'credentials' | 'directory'>,
  transaction: Transaction,
  machine: ManagedIdentity,
  { attach, detach, detachOthers }: WantedIdentities,
): Promise<Machine> {
  const present = await describeOne(credentials, machine, transaction)
  const wanted = new Map<string, ManagedIdentity>()
  for (const place of attach) {
    const identity = await requireIdentity(directory, place, transaction)
    wanted.set(identity.objectId, identity)
  }
  for (const identity of present.attached) {
    const isUnwanted = detachOthers || detach.includes(normalizeScope(identity.id))
    if (wanted.delete(identity.objectId) || !isUnwanted) continue
    await credentials.machines.detach(transaction, machine, identity)
  }
  for (const identity of wanted.values()) await credentials.machines.attach(transaction, machine, identity)
  const assigned = await describeOne(credentials, machine, transaction)
  if (assigned.attached.length <= maxIdentities) return assigned
  throw invalidIdentity(`A machine has at most ${maxIdentities} identities.`)
}

async function requireIdentity(
  { managedIdentities }: IdentitiesContext['directory'],
  place: IdentityPlace,
  transaction: Transaction,
): Promise<ManagedIdentity> {
  const identity = await managedIdentities.find('user-assigned', place, transaction)
  if (identity !== undefined) return identity
  throw invalidIdentity(`The identity '${place.name.slice(0, 128)}' does not exist.`)
}

/** A machine with its key and its identities. */
export async function describeOne(
  credentials: IdentitiesContext['credentials'],
  machine: ManagedIdentity,
  transaction?: Transaction,
): Promise<Machine> {
  const [described] = await credentials.machines.describe([machine], transaction)
  if (described === undefined) throw new Error('the machine does not exist')
  return described
}

function parseIdentityId(text: string) {
  const parsed = parseResourceId(text)
  const isIdentity =
    parsed?.provider?.toLowerCase() === 'microsoft.managedidentity' &&
    parsed.type?.toLowerCase() === 'userassignedidentities' &&
    parsed.children.length === 0
  if (!isIdentity || parsed.resourceGroup === undefined || parsed.name === undefined) return undefined
  return { subscriptionId: parsed.subscriptionId, resourceGroup: parsed.resourceGroup, name: parsed.name }
}

function invalidIdentity(message: string): ArmError {
  return new ArmError('invalidIdentity', message)
}

/** The error for an identity that the caller may not assign. */
export function mayNotAssign(caller: ManagementCall['caller'], id: string): ArmError {
  return linkedForbidden(caller, { action: assignAction, scope: id })
}
