import { requireAccount } from '../../account/account.ts'
import { listArm } from '../../account/arm.ts'
import { defineCommand } from '../../command/command.ts'
import {
  type IdentityOfCredentialFlags,
  credentialDocument,
  credentialsUrl,
  identityOfCredentialFlags,
} from './shared.ts'

/** `acrux identity federated-credential list`. */
export const command = defineCommand<IdentityOfCredentialFlags>({
  flags: identityOfCredentialFlags,
  examples: ['acrux identity federated-credential list -g default --identity-name build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    return (await listArm(account, credentialsUrl(account, flags))).map(credentialDocument)
  },
})
