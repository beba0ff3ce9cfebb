import { requireAccount } from '../../../clients/session/account.ts'
import { yesFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type CredentialFlags, askCredential, credentialFlags } from './shared.ts'

/** `acrux identity federated-credential delete`. */
export const command = defineCommand<CredentialFlags & { readonly yes?: true }>({
  flags: [...credentialFlags, yesFlag],
  examples: ['acrux identity federated-credential delete -g default --identity-name build -n main'],
  prints: 'result',
  run: async (flags, context) => {
    await context.confirm(`Are you sure you want to delete the federated credential '${flags.name}'?`, flags.yes)
    await askCredential(await requireAccount(context, flags), 'DELETE', flags)
  },
})
