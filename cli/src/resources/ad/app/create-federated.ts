import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { readJson } from '../../../framework/options/read-json.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag } from '../shared.ts'
import { federatedPath, parametersFlag } from './federated.ts'

/** `acrux ad app federated-credential create`. */
export const command = defineCommand<ObjectFlags & { readonly parameters: string }>({
  about: '\nThe JSON has name, issuer, subject and audiences, and may have a description.',
  flags: [applicationFlag, parametersFlag],
  examples: [
    'acrux ad app federated-credential create --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --parameters credential.json',
  ],
  prints: 'result',
  run: ({ id, parameters }, context) =>
    orFailed(async () => {
      const body = await readJson(parameters)
      const account = await requireAccount(context)
      return graph(account, 'POST', await federatedPath(account, id), body)
    }),
})
