import { requireAccount } from '../../../clients/session/account.ts'
import { type PagingFlags, listPart, pagingFlags, positiveNumber } from '../../../clients/arm/paging.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import {
  type IdentityOfCredentialFlags,
  credentialDocument,
  credentialsUrl,
  identityOfCredentialFlags,
} from './shared.ts'

type Flags = IdentityOfCredentialFlags & PagingFlags & { readonly top?: string; readonly skiptoken?: string }

/** `acrux identity federated-credential list`. */
export const command = defineCommand<Flags>({
  flags: [
    ...identityOfCredentialFlags,
    { flags: '--top <number>', description: 'the number of items in each page' },
    { flags: '--skiptoken <token>', description: 'the token of the page with which the list begins' },
    ...pagingFlags,
  ],
  examples: ['acrux identity federated-credential list -g default --identity-name build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { skiptoken } = flags
    const top = positiveNumber('--top', flags.top)
    const query = new URLSearchParams({
      ...(top !== undefined && { $top: String(top) }),
      ...(skiptoken !== undefined && { $skiptoken: skiptoken }),
    })
    const url = `${credentialsUrl(account, flags)}&${query.toString()}`
    return (await listPart(context, account, url, flags)).map(credentialDocument)
  },
})
