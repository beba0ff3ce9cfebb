import { requireAccount } from '../../../clients/session/account.ts'
import {
  type GenericFlags,
  applyChanges,
  genericChanges,
  newerGenericFlags,
} from '../../../framework/options/generic-update.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { isRecord } from '../../../framework/values/sorted-keys.ts'
import {
  type CredentialFlags,
  type TrustFlags,
  askCredential,
  credentialDocument,
  credentialFlags,
  trustFlags,
  trustOf,
} from './shared.ts'

/** `acrux identity federated-credential update`. */
export const command = defineCommand<CredentialFlags & TrustFlags & GenericFlags>({
  flags: [...credentialFlags, ...trustFlags, ...newerGenericFlags],
  examples: [
    'acrux identity federated-credential update -g default --identity-name build -n main --audiences registry.example.com',
  ],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const present = valueAt(await askCredential(account, 'GET', flags), 'properties')
    const properties = { ...(isRecord(present) && present), ...trustOf(flags) }
    applyChanges(properties, genericChanges(), flags)
    return credentialDocument(await askCredential(account, 'PUT', flags, properties))
  },
})
