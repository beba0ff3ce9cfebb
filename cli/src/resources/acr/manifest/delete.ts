import { yesFlag } from '../../../framework/options/flags.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { askDataPlane, documentIn, openAccess } from '../../../clients/registry/data-plane.ts'
import { digestOf } from './digest-of.ts'
import { type ManifestFlags, manifestArgument, manifestFlags, requireManifest } from './flags.ts'

/** `acrux acr manifest delete`. */
export const command = defineCommand<ManifestFlags & { readonly yes?: true }>({
  arguments: manifestArgument,
  flags: [...manifestFlags, yesFlag],
  examples: ['acrux acr manifest delete -r contoso -n team/app:1'],
  prints: 'result',
  run: async (flags, context) => {
    const { registry, image } = await requireManifest(context, flags)
    const digest = await digestOf(context, { registry, image }, flags)
    const access = await openAccess(context, registry, flags, `repository:${image.repository}:delete`)
    const question = `Are you sure you want to delete the artifact '${digest}' and all manifests that refer to it?`
    await context.confirm(question, flags.yes)
    const path = `/v2/${image.repository}/manifests/${digest}`
    return documentIn(await askDataPlane(access, { method: 'DELETE', path }))
  },
})
