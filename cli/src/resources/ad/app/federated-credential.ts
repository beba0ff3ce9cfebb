import { graph, listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import { type FlagDescription, defineCommand } from '../../../framework/command/command.ts'
import { readJson } from '../../../framework/options/read-value.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../objects.ts'

/** Selects a federated credential of an application. */
type FederatedFlags = ObjectFlags & { readonly federatedCredentialId: string }

/** Describes {@link FederatedFlags}. */
const federatedFlags: readonly FlagDescription[] = [
  applicationFlag,
  {
    flags: '--federated-credential-id <id>',
    description: 'the id or name of the federated credential',
    required: true,
  },
]

/** The option with a federated credential as JSON. */
const parametersFlag: FlagDescription = {
  flags: '--parameters <json>',
  description: 'a file with the federated credential as JSON, or the JSON itself',
  required: true,
}

/** The path of the federated credentials of an application in Graph. */
async function federatedPath(account: Account, id: string): Promise<string> {
  return `${await applicationPath(account, id)}/federatedIdentityCredentials`
}

/** The path of a federated credential in Graph. */
async function federatedCredentialPath(account: Account, flags: FederatedFlags): Promise<string> {
  return `${await federatedPath(account, flags.id)}/${encodeURIComponent(flags.federatedCredentialId)}`
}

/** `acrux ad app federated-credential list`. */
export const listFederated = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app federated-credential list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listGraph(account, await federatedPath(account, id))
    }),
})

/** `acrux ad app federated-credential show`. */
export const showFederated = defineCommand<FederatedFlags>({
  flags: federatedFlags,
  examples: [
    'acrux ad app federated-credential show --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --federated-credential-id main',
  ],
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return graph(account, 'GET', await federatedCredentialPath(account, flags))
    }),
})

/** `acrux ad app federated-credential create`. */
export const createFederated = defineCommand<ObjectFlags & { readonly parameters: string }>({
  about: '\nThe JSON contains "name", "issuer", "subject" and "audiences", and may contain "description".',
  flags: [applicationFlag, parametersFlag],
  examples: [
    'acrux ad app federated-credential create --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --parameters credential.json',
  ],
  run: ({ id, parameters }, context) =>
    orFailed(async () => {
      const body = await readJson(parameters)
      const account = await requireAccount(context)
      return graph(account, 'POST', await federatedPath(account, id), body)
    }),
})

/** `acrux ad app federated-credential update`. */
export const updateFederated = defineCommand<FederatedFlags & { readonly parameters: string }>({
  flags: [...federatedFlags, parametersFlag],
  examples: [
    'acrux ad app federated-credential update --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --federated-credential-id main --parameters credential.json',
  ],
  run: (flags, context) =>
    orFailed(async () => {
      const body = await readJson(flags.parameters)
      const account = await requireAccount(context)
      return graph(account, 'PATCH', await federatedCredentialPath(account, flags), body)
    }),
})

/** `acrux ad app federated-credential delete`. */
export const deleteFederated = defineCommand<FederatedFlags>({
  flags: federatedFlags,
  examples: [
    'acrux ad app federated-credential delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --federated-credential-id main',
  ],
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      await graph(account, 'DELETE', await federatedCredentialPath(account, flags))
    }),
})
