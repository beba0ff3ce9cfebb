import { defineCommand } from '../../../framework/command/command.ts'
import { showOrUpdate } from '../attributes.ts'
import { orNotFound } from '../../../clients/registry/data-plane.ts'
import { type RepositoryFlags, type TargetFlags, repositoryFlags, requireTarget, targetFlags } from './flags.ts'

/** `acrux acr repository show`. */
export const command = defineCommand<RepositoryFlags & TargetFlags>({
  flags: [...repositoryFlags, ...targetFlags],
  examples: [
    'acrux acr repository show -n contoso --repository team/app',
    'acrux acr repository show -n contoso --image team/app:1',
  ],
  prints: 'result',
  run: (flags, context) =>
    orNotFound(async () => {
      const target = requireTarget(flags)
      return showOrUpdate(context, { registry: flags.name, target, access: flags })
    }),
})
