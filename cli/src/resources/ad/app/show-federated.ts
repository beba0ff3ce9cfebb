import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type FederatedFlags, federatedCredentialPath, federatedFlags } from './federated.ts'

/** `acrux ad app federated-credential show`. */
export const command = defineCommand<FederatedFlags>({
  flags: federatedFlags,
  examples: [
    'acrux ad app federated-credential show --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --federated-credential-id main',
  ],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return graph(account, 'GET', await federatedCredentialPath(account, flags))
    }),
})
