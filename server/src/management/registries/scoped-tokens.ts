import { recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import {
  type ScopedToken,
  type ScopedTokenPasswordName,
  scopedTokenPasswordNames as passwordNames,
} from '../../authorization/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Transaction } from '../../platform/sql/database.ts'
import type { Registry } from '../../resources/index.ts'
import { formatArmTime } from '@acrux/shared/standards/azure/acr-time.ts'
import { parseGuid } from '@acrux/shared/standards/azure/guid.ts'
import { oneOf, optional, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { authorOf, systemData, systemDataResponse } from '../arm/authorship.ts'
import { ArmError, childNotFound } from '../arm/errors.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { childId, childNameIn, isChildName } from './registry-child.ts'
import { requireScopeMapById } from './scope-maps.ts'
import { requireCapacity } from './sku-limits.ts'

type Context = Pick<RegistriesContext, 'access' | 'audit' | 'clock' | 'database' | 'resources'>

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

const tokenPassword = z.strictObject({
  creationTime: timeText,
  expiry: timeText.optional(),
  name: z.enum(passwordNames),
})

/** A scoped token. [azure-mgmt-containerregistry, Token] */
const tokenResponse = z
  .strictObject({
    type: z.literal('Microsoft.ContainerRegistry/registries/tokens'),
    id: z.string(),
    name: z.string(),
    systemData: systemDataResponse,
    properties: z.strictObject({
      creationDate: timeText,
      provisioningState: z.literal('Succeeded'),
      scopeMapId: z.string(),
      credentials: z.strictObject({ passwords: z.array(tokenPassword) }),
      status: z.enum(['enabled', 'disabled']),
    }),
  })
  .register(apiSchemas, { id: 'Token' })
type TokenDocument = DocumentOf<typeof tokenResponse>

const tokenListResponse = listOf(tokenResponse)

/** `GET …/tokens` */
export async function listScopedTokens(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof tokenListResponse>> {
  const registry = await requireRegistry(context, names)
  const tokens = await context.access.scopedTokens.list(registry.rid)
  return { value: tokens.map((token) => tokenDocument(registry, token)) }
}
listScopedTokens.response = tokenListResponse

/** `GET …/tokens/{t}` */
export async function getScopedToken(context: Context, { names }: ManagementCall): Promise<TokenDocument> {
  const registry = await requireRegistry(context, names)
  return tokenDocument(registry, await requireToken(context, registry, names.name))
}
getScopedToken.response = tokenResponse

/**
 * `PUT …/tokens/{t}`: creates a token without passwords, or assigns another scope map to one. A status that is not named
 * stays, and so do the passwords: leaving the status out must not enable a disabled token.
 */
export async function putScopedToken(context: Context, call: ManagementCall): Promise<TokenDocument> {
  const { properties } = readBody(call, putScopedToken)
  const { document, created } = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const { name } = call.names
    requireTokenName(registry, name)
    const present = await context.access.scopedTokens.find(registry.rid, name, transaction)
    if (present === undefined) {
      const count = await context.access.scopedTokens.count(registry.rid, transaction)
      requireCapacity(registry.sku, 'Tokens', count)
    }
    if (properties?.scopeMapId === undefined) throw new ArmError('invalidScopeMapId', 'A token needs a scopeMapId.')
    const token = await putToken(context, call, transaction, { registry, name, present, properties })
    const action = present === undefined ? 'scoped-token.create' : 'scoped-token.update'
    return {
      result: { document: tokenDocument(registry, token), created: present === undefined },
      event: { ...eventOf(registry, token), action },
    }
  })
  call.reply.code(created ? 201 : 200)
  return document
}
putScopedToken.body = tokenSchema
putScopedToken.response = tokenResponse

/** `PATCH …/tokens/{t}`: changes the properties that the body names. A list of passwords keeps only those in it. [arm-facts §2] */
export async function patchScopedToken(context: Context, call: ManagementCall): Promise<TokenDocument> {
  const { properties } = readBody(call, patchScopedToken)
  const document = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const present = await requireToken(context, registry, call.names.name, transaction)
    const { name } = present
    const token = await putToken(context, call, transaction, { registry, name, present, properties })
    const event = { ...eventOf(registry, token), action: 'scoped-token.update' }
    return { result: tokenDocument(registry, token), event }
  })
  call.reply.code(201)
  return document
}
patchScopedToken.body = tokenSchema
patchScopedToken.response = tokenResponse

/** `DELETE …/tokens/{t}`: with the tokens that were issued for it. 204 if it does not exist. */
export async function deleteScopedToken(context: Context, call: ManagementCall): Promise<void> {
  const deleted = await recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const token = await findToken(context, registry, call.names.name, transaction)
    if (token === undefined) return { result: false, event: undefined }
    await context.access.scopedTokens.delete(transaction, registry.rid, token.name)
    return { result: true, event: { ...eventOf(registry, token), action: 'scoped-token.delete' } }
  })
  call.reply.code(deleted ? 200 : 204)
}
deleteScopedToken.response = 'none' as const

const generateSchema = z.object({
  tokenId: z.string().max(2048),
  name: optional(passwordName),
  expiry: optional(instant),
})

/** The generated passwords. [azure-mgmt-containerregistry, GenerateCredentialsResult] */
const generatedResponse = z
  .strictObject({ username: z.string(), passwords: z.array(tokenPassword.extend({ value: z.string() })) })
  .register(apiSchemas, { id: 'GeneratedCredentials' })

/** `POST …/generateCredentials`: generates one password of a token or both. They are shown only here. [arm-facts §3] */
export async function generateCredentials(
  context: Context,
  call: ManagementCall,
): Promise<DocumentOf<typeof generatedResponse>> {
  const { tokenId, name, expiry } = readBody(call, generateCredentials)
  if (expiry !== undefined && expiry <= context.clock.now()) {
    throw new ArmError('invalidExpiry', 'The expiry of a password must be in the future.')
  }
  const generated = name === undefined ? passwordNames : [name]
  return recordChange(context, call, async (transaction) => {
    const registry = await requireRegistry(context, call.names, transaction)
    const tokenName = childNameIn(registry, 'tokens', tokenId)
    if (tokenName === undefined) {
      throw new ArmError('invalidTokenId', `The tokenId does not identify a token of the registry ${registry.name}.`)
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
generateCredentials.response = generatedResponse

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
    'A token has a name of 5 to 50 letters, digits and hyphens, which is neither a GUID nor the name of the registry.'
  throw new ArmError('invalidResourceName', message)
}

type TokenChange = {
  readonly registry: Registry
  readonly name: string
  /** Undefined if the token is created. */
  readonly present: ScopedToken | undefined
  readonly properties: Partial<NonNullable<TokenProperties>> | undefined
}

/** Creates a token, or changes the properties that the body names. */
async function putToken(
  context: Context,
  { caller }: ManagementCall,
  transaction: Transaction,
  { registry, name, present, properties = {} }: TokenChange,
): Promise<ScopedToken> {
  const { scopedTokens } = context.access
  const { scopeMapId = present?.scopeMapId ?? '', status, credentials } = properties
  const removed = removedPasswords(present, credentials)
  const { name: scopeMapName } = await requireScopeMapById(context, registry, scopeMapId, transaction)
  const enabled = status === undefined ? (present?.enabled ?? true) : status === 'enabled'
  const wanted = { name, scopeMapId, scopeMapName, enabled }
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
  { access }: Pick<RegistriesContext, 'access'>,
  { rid }: Registry,
  name: string,
  transaction?: Transaction,
): Promise<ScopedToken | undefined> {
  return isChildName('tokens', name) ? access.scopedTokens.find(rid, name, transaction) : Promise.resolve(undefined)
}

/** A scoped token of a registry. @throws ArmError 404 */
export async function requireToken(
  context: Pick<RegistriesContext, 'access'>,
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

/** A token as ARM shows it, without the values of its passwords. [arm-facts §2] */
function tokenDocument(registry: Registry, token: ScopedToken): TokenDocument {
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

function passwordDocument({
  name,
  createdAtMs,
  expiresAtMs,
}: ScopedToken['passwords'][number]): DocumentOf<typeof tokenPassword> {
  return {
    creationTime: formatArmTime(createdAtMs),
    ...(expiresAtMs !== undefined && { expiry: formatArmTime(expiresAtMs) }),
    name,
  }
}
