import { requireAccount } from '../../account/account.ts'
import { listArm } from '../../account/arm.ts'
import { numberFlag } from '../../arm/flags.ts'
import { defineCommand } from '../../command/command.ts'
import {
  type IdentityOfCredentialFlags,
  credentialDocument,
  credentialsUrl,
  identityOfCredentialFlags,
} from './shared.ts'

type Flags = IdentityOfCredentialFlags & {
  readonly top?: number
  readonly skiptoken?: string
  readonly maxItems?: number
}

/** `acrux identity federated-credential list`. */
export const command = defineCommand<Flags>({
  flags: [
    ...identityOfCredentialFlags,
    numberFlag('--top <number>', 'the number of items in each page'),
    { flags: '--skiptoken <token>', description: 'the token of the page with which the list begins' },
    numberFlag('--max-items <number>', 'the maximum number of items'),
  ],
  examples: ['acrux identity federated-credential list -g default --identity-name build'],
  prints: 'result',
  run: async (flags, context) => {
    const account = await requireAccount(context, flags)
    const { top, skiptoken, maxItems } = flags
    const query = new URLSearchParams({
      ...(top !== undefined && { $top: String(top) }),
      ...(skiptoken !== undefined && { $skiptoken: skiptoken }),
    })
    const all = await listArm(account, `${credentialsUrl(account, flags)}&${query.toString()}`)
    return all.slice(0, maxItems).map(credentialDocument)
  },
})
