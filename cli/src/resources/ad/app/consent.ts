import { requireAccount } from '../../../clients/session/account.ts'
import { azureCloud } from '../../../framework/profile/clouds.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type ObjectFlags, applicationFlag } from '../shared.ts'

/** `acrux ad app permission admin-consent`. az asks a service of the Azure portal, which exists in AzureCloud only. */
export const command = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app permission admin-consent --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  prints: 'result',
  run: async (_flags, context) => {
    const { cloud } = await requireAccount(context)
    if (cloud.name === azureCloud.name)
      throw failure('acrux cannot consent in AzureCloud', 'use az, or the Azure portal')
    throw failure(
      'This command is not yet supported on sovereign clouds',
      'grant delegated permissions: acrux ad app permission grant --help',
    )
  },
})
