import { choiceFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type RegistryFlags, registryFlags } from '../../../clients/arm/named-registry.ts'
import { adminPasswords, credentialTable } from './shared.ts'

/** `acrux acr credential renew`. */
export const command = defineCommand<RegistryFlags & { readonly passwordName: string }>({
  flags: [
    ...registryFlags,
    {
      ...choiceFlag('--password-name <name>', ['password', 'password2'], 'the password to replace; it becomes invalid'),
      required: true,
    },
  ],
  examples: ['acrux acr credential renew -n contoso --password-name password2'],
  prints: 'result',
  table: credentialTable,
  run: (flags, context) =>
    adminPasswords(context, flags, { path: '/regenerateCredential', body: { name: flags.passwordName } }),
})
