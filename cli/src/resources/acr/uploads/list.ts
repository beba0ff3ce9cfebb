import { defineCommand } from '../../../framework/command/command.ts'
import { sizeText } from '../../../framework/terminal/progress-bar.ts'
import { type OwningRegistryFlags, ownRegistryFlags } from '../../../clients/arm/named-registry.ts'
import { type Upload, listUploads } from './shared.ts'

/** `acrux acr uploads list`. az does not have it. */
export const command = defineCommand<OwningRegistryFlags>({
  about: `
The longest idle upload is the first. An upload that receives no data expires by itself.`,
  flags: ownRegistryFlags,
  examples: [
    'acrux acr uploads list -r contoso -o table',
    'acrux acr uploads list -r contoso --query "sum([].stagedBytes)"',
  ],
  prints: 'result',
  table: (uploads: readonly Upload[]) =>
    uploads.map(({ id, repository, caller, lastDataAt, stagedBytes, active }) => ({
      ID: id,
      REPOSITORY: repository,
      CALLER: caller,
      'LAST DATA': lastDataAt,
      SIZE: sizeText(stagedBytes),
      ACTIVE: active,
    })),
  run: async (flags, context) => (await listUploads(context, flags)).uploads,
})
