import { requireAccount } from '../../../clients/session/account.ts'
import { orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { createApplication } from './create-application.ts'
import { type ApplicationFlags, applicationBody, applicationFlags } from './properties.ts'

/** `acrux ad app create`. */
export const command = defineCommand<ApplicationFlags & { readonly displayName: string }>({
  flags: applicationFlags.map((flag) =>
    flag.flags.startsWith('--display-name') ? { ...flag, required: true as const } : flag,
  ),
  examples: ['acrux ad app create --display-name ci'],
  prints: 'result',
  run: (flags, context) =>
    orFailed(async () => {
      const { displayName } = flags
      return createApplication(context, await requireAccount(context), {
        displayName,
        body: await applicationBody(flags),
      })
    }),
})
