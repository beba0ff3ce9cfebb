import type { Account } from '../../../clients/session/account.ts'
import { askArm } from '../../../clients/arm/arm.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { identityPath, identityVersion } from '../../identity/shared.ts'

/** The key with which a registry is encrypted, and the identity that may use it. */
export type EncryptionFlags = { readonly identity?: string; readonly keyEncryptionKey?: string }

/** Describes {@link EncryptionFlags}. */
export const encryptionFlags: readonly FlagDescription[] = [
  {
    flags: '--identity <identity>',
    description: 'with --key-encryption-key: a managed identity, by its id, or by its name in the resource group',
  },
  { flags: '--key-encryption-key <uri>', description: 'the URI of a key in a key vault of Azure' },
]

/** The encryption and the identity of a new registry, as ARM has them. Undefined without options. @throws CommandFailure, ApiError */
export async function encryptionOf(
  account: Account,
  { identity, keyEncryptionKey, resourceGroup }: EncryptionFlags & { readonly resourceGroup: string },
): Promise<{ readonly encryption: object; readonly identity: object } | undefined> {
  if (identity === undefined && keyEncryptionKey === undefined) return undefined
  if (identity === undefined || keyEncryptionKey === undefined)
    throw failure('Usage error: --identity and --key-encryption-key must be both supplied')
  const id = identity.startsWith('/') ? identity : identityPath(account, resourceGroup, identity)
  const found = await askArm(account, { method: 'GET', url: `${id}?api-version=${identityVersion}` })
  const keyVaultProperties = { keyIdentifier: keyEncryptionKey, identity: valueAt(found, 'properties.clientId') }
  return {
    encryption: { status: 'enabled', keyVaultProperties },
    identity: { type: 'UserAssigned', userAssignedIdentities: { [id]: {} } },
  }
}
