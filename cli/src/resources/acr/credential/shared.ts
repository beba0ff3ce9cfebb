import { documentOf, valueAt } from '../../../framework/values/shape.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { adminCredentials } from '../../../clients/arm/documents.ts'
import { type RegistryFlags, askRegistry, getNamedRegistry } from '../../../clients/arm/named-registry.ts'
import { cell, rowsOf } from '../tables.ts'

/** Asks for the passwords of the admin account. @throws CommandFailure if the account is disabled */
export async function adminPasswords(
  context: CommandContext,
  flags: RegistryFlags,
  request: { readonly path: string; readonly body?: object },
): Promise<unknown> {
  const named = await getNamedRegistry(context, flags)
  if (valueAt(named.response, 'properties.adminUserEnabled') !== true) {
    throw failure(`Run 'acrux acr update -n ${flags.name} --admin-enabled true' to enable admin first.`)
  }
  return documentOf(adminCredentials, await askRegistry(named, 'POST', request))
}

/** The table of the admin account. */
export function credentialTable(result: unknown): object[] {
  return rowsOf(result, (item) => ({
    USERNAME: cell(item, 'username'),
    PASSWORD: cell(item, 'passwords.0.value'),
    PASSWORD2: cell(item, 'passwords.1.value'),
  }))
}
