import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type CredentialFlags,
  type TrustFlags,
  askCredential,
  credentialDocument,
  credentialFlags,
  trustFlags,
  trustOf,
} from './shared.ts'

/** `acrux identity federated-credential create`. */
export const command = defineCommand<CredentialFlags & TrustFlags>({
  flags: [...credentialFlags, ...trustFlags],
  examples: [
    'acrux identity federated-credential create -g default --identity-name build -n main --issuer https://gitlab.example.com --subject project_path:team/app:ref_type:branch:ref:main --audiences registry.example.com',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    return credentialDocument(await askCredential(account, 'PUT', flags, trustOf(flags)))
  },
})
