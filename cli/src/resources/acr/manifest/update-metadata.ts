import { defineCommand } from '../../../framework/command/command.ts'
import { type AttributeFlags, attributeFlags, showOrUpdate } from '../attributes.ts'
import { type ManifestFlags, manifestArgument, manifestFlags, requireManifest } from './flags.ts'

/** `acrux acr manifest update-metadata`. */
export const command = defineCommand<ManifestFlags & AttributeFlags>({
  arguments: manifestArgument,
  flags: [...manifestFlags, ...attributeFlags],
  examples: ['acrux acr manifest update-metadata -r contoso -n team/app:1 --write-enabled false'],
  prints: 'result',
  run: async (flags, context) => {
    const { registry, text } = await requireManifest(context, flags)
    return showOrUpdate(context, { registry, target: { image: text }, access: flags }, flags)
  },
})
