import { graph, listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { type ObjectFlags, applicationFlag, applicationPath, ownerFlag } from '../objects.ts'

/** `acrux ad app owner list`. */
export const listOwners = defineCommand<ObjectFlags>({
  flags: [applicationFlag],
  examples: ['acrux ad app owner list --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11'],
  run: ({ id }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      return listGraph(account, `${await applicationPath(account, id)}/owners`)
    }),
})

/** `acrux ad app owner add`. */
export const addOwner = defineCommand<ObjectFlags & { readonly ownerObjectId: string }>({
  flags: [applicationFlag, ownerFlag],
  examples: [
    'acrux ad app owner add --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --owner-object-id 0b1f5e0c-54c4-4f83-9b1c-2ad1e6f7c001',
  ],
  run: ({ id, ownerObjectId }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = `${await applicationPath(account, id)}/owners`
      const owners = await listGraph(account, path)
      if (owners.some((each) => valueAt(each, 'id') === ownerObjectId)) return
      const endpoint = (account.cloud.endpoints['microsoftGraphResourceId'] ?? '').replace(/\/$/, '')
      await graph(account, 'POST', `${path}/$ref`, {
        '@odata.id': `${endpoint}/v1.0/directoryObjects/${ownerObjectId}`,
      })
    }),
})

/** `acrux ad app owner remove`. */
export const removeOwner = defineCommand<ObjectFlags & { readonly ownerObjectId: string }>({
  flags: [applicationFlag, ownerFlag],
  examples: [
    'acrux ad app owner remove --id 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 --owner-object-id 0b1f5e0c-54c4-4f83-9b1c-2ad1e6f7c001',
  ],
  run: ({ id, ownerObjectId }, context) =>
    orFailed(async () => {
      const account = await requireAccount(context)
      const path = await applicationPath(account, id)
      await graph(account, 'DELETE', `${path}/owners/${encodeURIComponent(ownerObjectId)}/$ref`)
    }),
})
