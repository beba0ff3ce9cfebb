import { openAccess, orNotFound } from '../../../clients/registry/data-plane.ts'
import { pathOf } from '../../../clients/registry/image.ts'
import { type PageFlags, listPages, pageFlags } from '../../../clients/registry/pages.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { type AttributeFlags, attributeFlags, showOrUpdate } from '../attributes.ts'
import {
  type ManifestFlags,
  manifestArgument,
  manifestFlags,
  manifestListFlags,
  repositoryArgument,
  requireManifest,
  requireRepository,
} from './flags.ts'

/** `acrux acr manifest list-metadata`. */
export const listMetadata = defineCommand<ManifestFlags & PageFlags>({
  arguments: repositoryArgument,
  flags: [...manifestListFlags, ...pageFlags],
  examples: ['acrux acr manifest list-metadata -r contoso -n team/app'],
  run: async (flags, context) => {
    const { registry, image } = await requireRepository(context, flags)
    const access = await openAccess(context, registry, flags, `repository:${image.repository}:metadata_read`)
    return listPages(access, { path: pathOf(image.repository, '_manifests'), member: 'manifests' }, flags)
  },
})

/** `acrux acr manifest show-metadata`. */
export const showMetadata = defineCommand<ManifestFlags>({
  arguments: manifestArgument,
  flags: manifestFlags,
  examples: ['acrux acr manifest show-metadata -r contoso -n team/app:1'],
  run: (flags, context) =>
    orNotFound(async () => {
      const { registry, text } = await requireManifest(context, flags)
      return showOrUpdate(context, { registry, target: { image: text }, access: flags })
    }),
})

/** `acrux acr manifest update-metadata`. */
export const updateMetadata = defineCommand<ManifestFlags & AttributeFlags>({
  arguments: manifestArgument,
  flags: [...manifestFlags, ...attributeFlags],
  examples: ['acrux acr manifest update-metadata -r contoso -n team/app:1 --write-enabled false'],
  run: async (flags, context) => {
    const { registry, text } = await requireManifest(context, flags)
    return showOrUpdate(context, { registry, target: { image: text }, access: flags }, flags)
  },
})
