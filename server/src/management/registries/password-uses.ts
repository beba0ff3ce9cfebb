import { z } from 'zod'
import type { ScopedToken } from '../../authorization/index.ts'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Registry } from '../../resources/index.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { listOf, timeText } from '../arm/response.ts'
import { requireRegistry } from './registries.ts'
import { requireToken } from './scoped-tokens.ts'

type Context = Pick<RegistriesContext, 'access' | 'credentialUses' | 'resources'>

/** When each password of a scoped token was last used. The time is omitted for a password that was not used yet. */
const passwordUsesResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/passwordUses'),
    id: z.string(),
    name: z.string(),
    properties: z.strictObject({
      passwords: z.array(
        z.strictObject({
          name: z.enum(['password1', 'password2']),
          createdAt: timeText,
          expiresAt: timeText.optional(),
          lastUsedAt: timeText.optional(),
        }),
      ),
    }),
  })
  .register(apiSchemas, { id: 'PasswordUses' })
type PasswordUsesDocument = DocumentOf<typeof passwordUsesResponse>

const passwordUsesListResponse = listOf(passwordUsesResponse)

/** `GET …/providers/Acrux.Server/passwordUses`: of all scoped tokens of a registry. ACR does not record them. */
export async function listPasswordUses(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof passwordUsesListResponse>> {
  const registry = await requireRegistry(context, names)
  const tokens = await context.access.scopedTokens.list(registry.rid)
  return { value: await documentsOf(context, registry, tokens) }
}
listPasswordUses.response = passwordUsesListResponse

/** `GET …/providers/Acrux.Server/passwordUses/{token}` */
export async function getPasswordUses(context: Context, { names }: ManagementCall): Promise<PasswordUsesDocument> {
  const registry = await requireRegistry(context, names)
  const token = await requireToken(context, registry, names.name)
  const [document] = await documentsOf(context, registry, [token])
  if (document === undefined) throw new Error('a token has a document')
  return document
}
getPasswordUses.response = passwordUsesResponse

const adminPasswordUsesResponse = z
  .strictObject({
    type: z.literal('Acrux.Server/adminPasswordUses'),
    id: z.string(),
    name: z.literal('default'),
    properties: z.strictObject({
      passwords: z.array(z.strictObject({ name: z.enum(['password', 'password2']), lastUsedAt: timeText.optional() })),
    }),
  })
  .register(apiSchemas, { id: 'AdminPasswordUses' })

/** `GET …/providers/Acrux.Server/adminPasswordUses/default`: when each password of the admin account was last used. */
export async function getAdminPasswordUses(
  context: Context,
  { names }: ManagementCall,
): Promise<DocumentOf<typeof adminPasswordUsesResponse>> {
  const { id, name } = await requireRegistry(context, names)
  const lastUsedMs = await context.credentialUses.lastUses('admin', [name])
  const passwords = (['password', 'password2'] as const).map((password) => {
    const usedAtMs = lastUsedMs.get(password)
    return { name: password, ...(usedAtMs !== undefined && { lastUsedAt: timeOf(usedAtMs) }) }
  })
  return {
    type: 'Acrux.Server/adminPasswordUses',
    id: `${id}/providers/Acrux.Server/adminPasswordUses/default`,
    name: 'default',
    properties: { passwords },
  }
}
getAdminPasswordUses.response = adminPasswordUsesResponse

async function documentsOf(
  { credentialUses }: Context,
  { id, name: registry }: Pick<Registry, 'id' | 'name'>,
  tokens: readonly ScopedToken[],
): Promise<PasswordUsesDocument[]> {
  const actorIds = tokens.map(({ name }) => `${registry}/${name}`)
  const lastUsedMs = await credentialUses.lastUses('scoped-token', actorIds)
  return tokens.map(({ name, passwords }) => ({
    type: 'Acrux.Server/passwordUses',
    id: `${id}/providers/Acrux.Server/passwordUses/${name}`,
    name,
    properties: {
      passwords: passwords.map((password) => {
        const usedAtMs = lastUsedMs.get(password.id)
        return {
          name: password.name,
          createdAt: timeOf(password.createdAtMs),
          ...(password.expiresAtMs !== undefined && { expiresAt: timeOf(password.expiresAtMs) }),
          ...(usedAtMs !== undefined && { lastUsedAt: timeOf(usedAtMs) }),
        }
      }),
    },
  }))
}

function timeOf(atMs: number): string {
  return new Date(atMs).toISOString()
}
