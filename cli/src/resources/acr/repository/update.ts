import { defineCommand } from '../../../framework/command/command.ts'
import { type AttributeFlags, attributeFlags, showOrUpdate } from '../attributes.ts'
import { type RepositoryFlags, type TargetFlags, repositoryFlags, requireTarget, targetFlags } from './flags.ts'

/** `acrux acr repository update`. */
export const command = defineCommand<RepositoryFlags & TargetFlags & AttributeFlags>({
  flags: [...repositoryFlags, ...targetFlags, ...attributeFlags],
  examples: [
    'acrux acr repository update -n contoso --image team/app:1 --write-enabled false',
    'acrux acr repository update -n contoso --repository team/app --delete-enabled false',
  ],
  prints: 'result',
  run: async (flags, context) =>
    showOrUpdate(context, { registry: flags.name, target: requireTarget(flags), access: flags }, flags),
})
