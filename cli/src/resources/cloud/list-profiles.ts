import { defineCommand } from '../../framework/command/command.ts'
import { cloudNameFlag, profiles } from './cloud-flags.ts'

/** `acrux cloud list-profiles`. */
export const command = defineCommand({
  flags: [cloudNameFlag, { flags: '--show-all', description: 'has no effect' }],
  examples: ['acrux cloud list-profiles'],
  prints: 'result',
  run: async () => profiles,
})
