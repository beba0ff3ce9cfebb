import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import {
  type ScopedToken,
  type ScopedTokenPasswordName,
  scopedTokenPasswordNames as passwordNames,
} from '../../access/index.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry } from '../../resources/index.ts'
import { formatArmTime } from '../../standards/azure/acr-time.ts'
import { parseGuid } from '../../standards/azure/guid.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall, ManagementContext } from '../arm/context.ts'
import { authorOf, systemData } from '../arm/authorship.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { requireRegistry } from './registries.ts'
import { childId, childNameIn, isChildName } from './registry-child.ts'
import { requireScopeMapById } from './scope-maps.ts'
import { requireCapacity } from './sku-limits.ts'

const passwordName = oneOf(['password1', 'password2'])
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine(Number.isFinite, { error: 'must be a time' })
const keptPassword = z.object({ name: passwordName, expiry: optional(instant) })

const tokenSchema = z.object({
  properties: optional(
    z.object({
      scopeMapId: optional(z.string().max(2048)),
      status: optional(oneOf(['enabled', 'disabled'])),
      credentials: optional(
        z.object({
          certificates: optional(z.array(z.unknown())),
          passwords: optional(z.array(keptPassword).max(2)),
        }),
      ),
    }),
  ),
})
type TokenProperties = z.output<typeof tokenSchema>['properties']

/** `GET …/tokens` */
export async function listScopedTokens(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, names)
  const tokens = await context.access.scopedTokens.list(registry.rid)
  return { value: tokens.map((token) => tokenDocument(registry, token)) }
}

/** `GET …/tokens/{t}` */
export async function getScopedToken(context: ManagementContext, { names }: ManagementCall): Promise<unknown> {
  const registry = await requireRegistry(context, names)
  return tokenDocument(registry, await requireToken(context, registry, names.name))
}

/**
 * `PUT …/tokens/{t}`: creates a token without passwords, or assigns another scope map to one. A status that is not named
 * stays, and so do the passwords: leaving the status out must not enable a disabled token.
 */
export async function putScopedToken(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { properties } = readBody(call, putScopedToken)
  const { document, created } = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const { name } = call.names
    requireTokenName(registry, name)
    const present = await context.access.scopedTokens.find(registry.rid, name, transaction)
    if (present === undefined) {
      const held = await context.access.scopedTokens.count(registry.rid, transaction)
      requireCapacity(registry.sku, 'Tokens', held)
    }
    if (properties?.scopeMapId === undefined) throw new ArmError('invalidScopeMapId', 'A token needs a scopeMapId.')
    const token = await putToken(context, call, transaction, registry, present ?? name, properties)
    const action = present === undefined ? 'scoped-token.create' : 'scoped-token.update'
    return {
      result: { document: tokenDocument(registry, token), created: present === undefined },
      event: { ...eventOf(registry, token), action },
    }
  })
  return call.reply.code(created ? 201 : 200).send(document)
}
putScopedToken.body = tokenSchema

/** `PATCH …/tokens/{t}`: changes the properties that the body names. A list of passwords keeps only those in it. [arm-facts §2] */
export async function patchScopedToken(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { properties } = readBody(call, patchScopedToken)
  const document = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const present = await requireToken(context, registry, call.names.name, transaction)
    const token = await putToken(context, call, transaction, registry, present, properties)
    const event = { ...eventOf(registry, token), action: 'scoped-token.update' }
    return { result: tokenDocument(registry, token), event }
  })
  return call.reply.code(201).send(document)
}
patchScopedToken.body = tokenSchema

/** `DELETE …/tokens/{t}`: with all that was got by it. 204 when there is none. */
export async function deleteScopedToken(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const token = await findToken(context, registry, call.names.name, transaction)
    if (token === undefined) return { result: false, event: undefined }
    await context.access.scopedTokens.delete(transaction, registry.rid, token.name)
    return { result: true, event: { ...eventOf(registry, token), action: 'scoped-token.delete' } }
  })
  return call.reply.code(deleted ? 200 : 204).send()
}

const generateSchema = z.object({
  tokenId: z.string().max(2048),
  name: optional(passwordName),
  expiry: optional(instant),
})

/** `POST …/generateCredentials`: generates one password of a token or both. They are shown only here. [arm-facts §3] */
export async function generateCredentials(context: ManagementContext, call: ManagementCall): Promise<unknown> {
  const { tokenId, name, expiry } = readBody(call, generateCredentials)
  if (expiry !== undefined && expiry <= context.clock.now()) {
    throw new ArmError('invalidExpiry', 'The expiry of a password must be in the future.')
  }
  const generated = name === undefined ? passwordNames : [name]
  return recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const tokenName = childNameIn(registry, 'tokens', tokenId)
    if (tokenName === undefined) {
      throw new ArmError('invalidTokenId', `The tokenId is not a token of the registry ${registry.name}.`)
    }
    const token = await requireToken(context, registry, tokenName, transaction)
    const made = await context.access.scopedTokens.generatePasswords(transaction, token, generated, expiry)
    const passwords = made.map((password) => ({ ...passwordDocument(password), value: password.value }))
    const { target, detail } = eventOf(registry, token)
    const expires = expiry === undefined ? null : formatArmTime(expiry)
    return {
      result: { username: token.name, passwords },
      event: { action: 'scoped-token.generate-credentials', target, detail: { ...detail, names: generated, expires } },
    }
  })
}
generateCredentials.body = generateSchema

/**
 * Rejects names that mean another principal at sign-in: the registry's name is the admin account's, and a GUID is an
 * application's.
 *
 * @throws ArmError 400
 */
function requireTokenName({ name: registryName }: Registry, name: string): void {
  const isTaken = name.toLowerCase() === registryName.toLowerCase() || parseGuid(name) !== undefined
  if (isChildName('tokens', name) && !isTaken) return
  const message =
    'A token has a name of 5 to 50 letters, digits and hyphens, which is neither a GUID nor the name of its registry.'
  throw new ArmError('invalidResourceName', message)
}

/** Creates a token, or changes the properties that the body names. */
async function putToken(
  context: ManagementContext,
  { caller }: ManagementCall,
  transaction: Transaction,
  registry: Registry,
  before: ScopedToken | string,
  properties: TokenProperties,
): Promise<ScopedToken> {
  const present = typeof before === 'string' ? undefined : before
  const name = typeof before === 'string' ? before : before.name
  const removed = removedPasswords(present, properties?.credentials)
  const scopeMapId = properties?.scopeMapId ?? present?.scopeMapId ?? ''
  const wanted = {
    name,
    scopeMapId,
    scopeMapName: (await requireScopeMapById(context, registry, scopeMapId, transaction)).name,
    enabled: properties?.status === undefined ? (present?.enabled ?? true) : properties.status === 'enabled',
  }
  const { scopedTokens } = context.access
  const { token } = await scopedTokens.put(transaction, registry.rid, wanted, authorOf(caller))
  return removed.length === 0 ? token : scopedTokens.deletePasswords(transaction, token, removed)
}

type CredentialsBody = NonNullable<TokenProperties>['credentials']

/**
 * The passwords that a body leaves out of the list of those to keep.
 *
 * @throws ArmError 400 for certificates, which are not served, and for another expiry, which needs a new password
 */
function removedPasswords(present: ScopedToken | undefined, body: CredentialsBody): ScopedTokenPasswordName[] {
  if ((body?.certificates?.length ?? 0) > 0) {
    throw new ArmError('notServed', 'Certificates of tokens are not served by this server.')
  }
  const kept = body?.passwords
  if (kept === undefined || present === undefined) return []
  const removed: ScopedTokenPasswordName[] = []
  for (const password of present.passwords) {
    const named = kept.find(({ name }) => name === password.name)
    if (named === undefined) removed.push(password.name)
    else if (named.expiry !== undefined && named.expiry !== password.expiresAtMs) {
      throw new ArmError('invalidExpiry', 'The expiry of a password cannot be changed. Generate a new password.')
    }
  }
  return removed
}

function findToken(
  { access }: ManagementContext,
  { rid }: Registry,
  name: string,
  transaction?: Transaction,
): Promise<ScopedToken | undefined> {
  return isChildName('tokens', name) ? access.scopedTokens.find(rid, name, transaction) : Promise.resolve(undefined)
}

async function requireToken(
  context: ManagementContext,
  registry: Registry,
  name: string,
  transaction?: Transaction,
): Promise<ScopedToken> {
  const token = await findToken(context, registry, name, transaction)
  if (token === undefined) throw childNotFound(name)
  return token
}

function eventOf(registry: Registry, { id, name, scopeMapId, enabled }: ScopedToken) {
  const detail = { rid: registry.rid, tokenId: id, scopeMapId, enabled }
  return { target: childId(registry, 'tokens', name), detail }
}

/** A token as ARM shows it: of its passwords everything but themselves. [arm-facts §2] */
function tokenDocument(registry: Registry, token: ScopedToken): object {
  const { name, authorship, scopeMapId, passwords, enabled } = token
  return {
    type: 'Microsoft.ContainerRegistry/registries/tokens',
    id: childId(registry, 'tokens', name),
    name,
    systemData: systemData(authorship),
    properties: {
      creationDate: formatArmTime(authorship.createdAtMs),
      provisioningState: 'Succeeded',
      scopeMapId,
      credentials: { passwords: passwords.map(passwordDocument) },
      status: enabled ? 'enabled' : 'disabled',
    },
  }
}

function passwordDocument({ name, createdAtMs, expiresAtMs }: ScopedToken['passwords'][number]): object {
  return {
    creationTime: formatArmTime(createdAtMs),
    ...(expiresAtMs !== undefined && { expiry: formatArmTime(expiresAtMs) }),
    name,
  }
}
