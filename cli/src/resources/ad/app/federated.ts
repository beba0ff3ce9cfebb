import type { Account } from '../../../clients/session/account.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** Selects a federated credential of an application. */
export type FederatedFlags = ObjectFlags & { readonly federatedCredentialId: string }

/** Describes {@link FederatedFlags}. */
export const federatedFlags: readonly FlagDescription[] = [
  applicationFlag,
  {
    flags: '--federated-credential-id <id>',
    description: 'the id or name of the federated credential',
    required: true,
  },
]

/** The option with a federated credential as JSON. */
export const parametersFlag: FlagDescription = {
  flags: '--parameters <json>',
  description: 'a file with the federated credential as JSON, or the JSON itself',
  required: true,
}

/** The path of the federated credentials of an application in Graph. */
export async function federatedPath(account: Account, id: string): Promise<string> {
  return `${await applicationPath(account, id)}/federatedIdentityCredentials`
}

/** The path of a federated credential in Graph. */
export async function federatedCredentialPath(account: Account, flags: FederatedFlags): Promise<string> {
  return `${await federatedPath(account, flags.id)}/${encodeURIComponent(flags.federatedCredentialId)}`
}
