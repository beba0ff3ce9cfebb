import { requireAccount } from '../../../clients/session/account.ts'
import { graph, orFailed } from '../../../clients/graph/graph.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type ObjectFlags, applicationFlag, applicationPath, ownerFlag } from '../shared.ts'

/** `acrux ad app owner remove`. */
export const command = defineCommand<ObjectFlags & { readonly ownerObjectId: string }>({
  flags: [applicationFlag, ownerFlag],
  examples: [
    'acrux ad app owner remove --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --owner-object-id 0b1f5e0c-54c4-4f83-9b1c-2ad1e6f7c001',
  ],
  prints: 'result',
  run: ({ id, ownerObjectId }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await applicationPath(account, id)
      await graph(account, 'DELETE', `${path}/owners/${encodeURIComponent(ownerObjectId)}/$ref`)
    }),
})
