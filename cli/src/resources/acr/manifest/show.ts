import { defineCommand } from '../../../framework/command/command.ts'
import { documentIn, openAccess, orNotFound } from '../../../clients/registry/data-plane.ts'
import { type ManifestFlags, manifestArgument, manifestFlags, requireManifest } from './flags.ts'
import { getManifest } from './manifest-of.ts'

type Flags = ManifestFlags & { readonly raw?: true }

/** `acrux acr manifest show`. */
export const command = defineCommand<Flags>({
  arguments: manifestArgument,
  flags: [
    ...manifestFlags,
    { flags: '--raw', description: 'print the bytes of the manifest, whose SHA-256 is its digest' },
  ],
  examples: [
    'acrux acr manifest show -r contoso -n team/app:1',
    'acrux acr manifest show -r contoso -n team/app:1 --raw | sha256sum',
  ],
  prints: 'result',
  run: (flags, context) =>
    orNotFound(async () => {
      const { registry, image } = await requireManifest(context, flags)
      const access = await openAccess(context, registry, flags, `repository:${image.repository}:pull`)
      const response = await getManifest(access, image.repository, image.tag ?? image.digest ?? '')
      if (flags.raw !== true) return documentIn(response)
      context.print(response.body.toString('utf8'))
      return undefined
    }),
})
