import { defineCommand } from '../../../framework/command/command.ts'
import { type RegistryFlags, registryFlags } from '../../../clients/arm/named-registry.ts'
import { adminPasswords, credentialTable } from './shared.ts'

/** `acrux acr credential show`. */
export const command = defineCommand<RegistryFlags>({
  flags: registryFlags,
  examples: ['acrux acr credential show -n contoso'],
  prints: 'result',
  table: credentialTable,
  run: (flags, context) => adminPasswords(context, flags, { path: '/listCredentials' }),
})
