import { attributionOf, recordChange } from '../../audit/index.ts'
import { z } from 'zod'
import { type DocumentOf, apiSchemas } from '../../platform/http/api-schema.ts'
import type { Registry } from '../../resources/index.ts'
import { oneOf, readBody } from '../arm/body.ts'
import type { ManagementCall } from '../arm/context.ts'
import type { RegistriesContext } from './context.ts'
import { ArmError, registryNotFound } from '../arm/errors.ts'
import { requireRegistry } from './registries.ts'

type Context = Pick<RegistriesContext, 'audit' | 'database' | 'resources'>

const regenerateSchema = z.object({ name: oneOf(['password', 'password2']) })

/** The credentials of the admin account. [azure-mgmt-containerregistry, RegistryListCredentialsResult] */
const credentialsResponse = z
  .strictObject({
    username: z.string(),
    passwords: z.array(z.strictObject({ name: z.enum(['password', 'password2']), value: z.string() })),
  })
  .register(apiSchemas, { id: 'RegistryCredentials' })
type CredentialsDocument = DocumentOf<typeof credentialsResponse>

/** `POST …/listCredentials`: both passwords of the admin account, in clear. Reading them is audited. [arm-facts §4] */
export async function listCredentials(context: Context, call: ManagementCall): Promise<CredentialsDocument> {
  const registry = await requireRegistry(context, call.names)
  requireAdminEnabled(registry)
  const document = await credentialsDocument(context, registry)
  const { caller, origin } = call
  const event = { action: 'registry.list-credentials', target: registry.id, detail: { rid: registry.rid } }
  await context.audit.append({ ...event, outcome: 'success', ...attributionOf(caller), origin })
  return document
}
listCredentials.body = 'none' as const
listCredentials.response = credentialsResponse

/** `POST …/regenerateCredential`: renews the named password, in any case, and keeps the other. */
export async function regenerateCredential(context: Context, call: ManagementCall): Promise<CredentialsDocument> {
  const { name } = readBody(call, regenerateCredential)
  const registry = await recordChange(context, call, async (transaction) => {
    const result = await requireRegistry(context, call.names, transaction)
    requireAdminEnabled(result)
    await context.resources.renewAdminPassword(transaction, result.rid, name)
    const detail = { rid: result.rid, name }
    return { result, event: { action: 'registry.regenerate-credential', target: result.id, detail } }
  })
  return credentialsDocument(context, registry)
}
regenerateCredential.body = regenerateSchema
regenerateCredential.response = credentialsResponse

async function credentialsDocument(
  { resources }: Context,
  { rid, ...registry }: Registry,
): Promise<CredentialsDocument> {
  const passwords = await resources.readAdminPasswords(rid)
  if (passwords === undefined) throw registryNotFound(registry.resourceGroup, registry.name)
  return {
    username: registry.name,
    passwords: [
      { name: 'password', value: passwords.password },
      { name: 'password2', value: passwords.password2 },
    ],
  }
}

/** [arm-facts §10] */
function requireAdminEnabled({ id, adminUserEnabled }: Registry): void {
  if (adminUserEnabled) return
  const message = `Cannot perform credential operations for ${id} as admin user is disabled. Kindly enable admin user as per docs: https://docs.microsoft.com/en-us/azure/container-registry/container-registry-authentication#admin-account`
  throw new ArmError('adminDisabled', message)
}
