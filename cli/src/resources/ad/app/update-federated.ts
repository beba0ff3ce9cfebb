import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { readJson } from '../../../framework/options/read-json.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type FederatedFlags, federatedCredentialPath, federatedFlags, parametersFlag } from './federated.ts'

/** `acrux ad app federated-credential update`. */
export const command = defineCommand<FederatedFlags & { readonly parameters: string }>({
  flags: [...federatedFlags, parametersFlag],
  examples: [
    'acrux ad app federated-credential update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --federated-credential-id main --parameters credential.json',
  ],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const body = await readJson(flags.parameters)
      const account = await requireAccount(context)
      return graph(account, 'PATCH', await federatedCredentialPath(account, flags), body)
    }),
})
