import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { certificateFlag, deleteCredential, keyIdFlag } from '../credentials.ts'
import { type ObjectFlags, applicationFlag, applicationPath } from '../shared.ts'

/** `acrux ad app credential delete`. */
export const command = defineCommand<ObjectFlags & { readonly keyId: string; readonly cert?: true }>({
  flags: [applicationFlag, keyIdFlag, certificateFlag],
  examples: [
    'acrux ad app credential delete --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --key-id 0b1f6471-1bf0-4dda-aec3-cb9272f09590',
  ],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      await deleteCredential(account, await applicationPath(account, flags.id), flags)
    }),
})
