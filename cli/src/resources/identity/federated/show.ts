import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type CredentialFlags, askCredential, credentialDocument, credentialFlags } from './shared.ts'

/** `acrux identity federated-credential show`. */
export const command = defineCommand<CredentialFlags>({
  flags: credentialFlags,
  examples: ['acrux identity federated-credential show -g default --identity-name build -n main'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    return credentialDocument(await askCredential(account, 'GET', flags))
  },
})
