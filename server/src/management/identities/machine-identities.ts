import { z } from 'zod'
import type { Machine } from '../../credentials/index.ts'
import type { ManagedIdentity } from '../../directory/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import { normalizeScope, parseResourceId, userAssignedIdentityId } from '../../standards/azure/resource-id.ts'
import { optional } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { ArmError } from '../arm/errors.ts'

const assignAction = 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'

/** More than a machine has use for, and few enough that one document shows them. */
const maxIdentities = 20

/** The `identity` of a machine's body. Every machine has an identity of its own. [ARM, ManagedServiceIdentity] */
export const identitySchema = z.object({
  type: z
    .string()
    .transform((text) => text.replaceAll(' ', '').toLowerCase())
    .pipe(z.enum(['systemassigned', 'systemassigned,userassigned'])),
  userAssignedIdentities: optional(z.record(z.string(), z.object({}).nullable())),
})

/** What is to be attached to a machine: places in the tree; and what is to be detached: ids in lower case. */
export type WantedIdentities = {
  readonly attach: readonly { readonly subscriptionId: string; readonly resourceGroup: string; readonly name: string }[]
  readonly detach: readonly string[]
}

/**
 * Reads what identities a body wants. One with the value null is to be detached; who names one to be attached must be
 * allowed to assign it, since the machine will speak as it.
 *
 * @throws ArmError
 */
export async function readWantedIdentities(
  context: ManagementContext,
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
    await requireAssignable(context, call, [
      { id: userAssignedIdentityId(place.subscriptionId, place.resourceGroup, place.name) },
    ])
    attach.push(place)
  }
  const detach = named.filter(([, value]) => value === null).map(([text]) => normalizeScope(text))
  return { attach, detach }
}

/** Makes sure that the caller may assign each of these identities, and gives their ids. @throws ArmError */
export async function requireAssignable(
  context: ManagementContext,
  { caller }: ManagementCall,
  identities: readonly Pick<ManagedIdentity, 'id'>[],
): Promise<ReadonlySet<string>> {
  for (const { id } of identities) {
    if (!(await context.access.mayManage(caller.rights, assignAction, id))) throw mayNotAssign(caller, id)
  }
  return new Set(identities.map(({ id }) => id))
}

/**
 * Attaches and detaches. With `replacing`, what is attached and not wanted is detached too.
 *
 * @throws ArmError for an identity that is not there
 */
export async function settleIdentities(
  { credentials, directory }: ManagementContext,
  transaction: Transaction,
  machine: ManagedIdentity,
  { attach, detach }: WantedIdentities,
  replacing: boolean,
): Promise<Machine> {
  const present = await describeOne(credentials, machine, transaction)
  const wanted: ManagedIdentity[] = []
  for (const place of attach) {
    const identity = await directory.managedIdentities.find('user-assigned', place, transaction)
    if (identity === undefined) throw invalidIdentity(`The identity '${place.name.slice(0, 128)}' does not exist.`)
    wanted.push(identity)
  }
  const isWanted = ({ objectId }: ManagedIdentity) => wanted.some((identity) => identity.objectId === objectId)
  for (const identity of present.attached) {
    const isNamed = detach.includes(normalizeScope(identity.id))
    if (!isWanted(identity) && (replacing || isNamed)) await credentials.machines.detach(transaction, machine, identity)
  }
  const kept = new Set(present.attached.map(({ objectId }) => objectId))
  for (const identity of wanted) {
    if (kept.has(identity.objectId)) continue
    kept.add(identity.objectId)
    await credentials.machines.attach(transaction, machine, identity)
  }
  const settled = await describeOne(credentials, machine, transaction)
  if (settled.attached.length <= maxIdentities) return settled
  throw invalidIdentity(`A machine has at most ${maxIdentities} identities.`)
}

/** A machine with what is known of it. */
export async function describeOne(
  credentials: ManagementContext['credentials'],
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

/** What ARM says of an identity that the caller may not have something speak as. [ARM, linked authorization] */
export function mayNotAssign({ principal }: ManagementCall['caller'], id: string): ArmError {
  const message = `The client with object id '${principal.objectId}' has permission to perform the request, but does not have permission to perform action '${assignAction}' on the linked scope '${id}', or the linked scope is invalid.`
  return new ArmError('linkedAuthorization', message, { wanted: { action: assignAction, scope: id } })
}
