import { adminCredentials } from '../../clients/arm/documents.ts'
import { type RegistryFlags, askRegistry, getNamedRegistry, registryFlags } from '../../clients/arm/named-registry.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { choiceFlag } from '../../framework/options/flags.ts'
import { documentOf, valueAt } from '../../framework/values/shape.ts'
import { cell, rowsOf } from './tables.ts'

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
function credentialTable(result: unknown): object[] {
  return rowsOf(result, (item) => ({
    USERNAME: cell(item, 'username'),
    PASSWORD: cell(item, 'passwords.0.value'),
    PASSWORD2: cell(item, 'passwords.1.value'),
  }))
}

/** `acrux acr credential show`. */
export const showCredential = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr credential show -n contoso'],
  table: credentialTable,
  run: (flags, context) => adminPasswords(context, flags, { path: '/listCredentials' }),
})

/** `acrux acr credential renew`. */
export const renewCredential = defineCommand<RegistryFlags & { readonly passwordName: string }>({
  flags: [
    ...registryFlags,
    {
      ...choiceFlag('--password-name <name>', ['password', 'password2'], 'the password to replace; it becomes invalid'),
      required: true,
    },
  ],
  examples: ['acrux acr credential renew -n contoso --password-name password2'],
  table: credentialTable,
  run: (flags, context) =>
    adminPasswords(context, flags, { path: '/regenerateCredential', body: { name: flags.passwordName } }),
})
