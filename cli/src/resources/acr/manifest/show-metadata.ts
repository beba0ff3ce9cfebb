import { defineCommand } from '../../../framework/command/command.ts'
import { showOrUpdate } from '../attributes.ts'
import { orNotFound } from '../../../clients/registry/data-plane.ts'
import { type ManifestFlags, manifestArgument, manifestFlags, requireManifest } from './flags.ts'

/** `acrux acr manifest show-metadata`. */
export const command = defineCommand<ManifestFlags>({
  arguments: manifestArgument,
  flags: manifestFlags,
  examples: ['acrux acr manifest show-metadata -r contoso -n team/app:1'],
  prints: 'result',
  run: (flags, context) =>
    orNotFound(async () => {
      const { registry, text } = await requireManifest(context, flags)
      return showOrUpdate(context, { registry, target: { image: text }, access: flags })
    }),
})
