import { defineCommand } from '../../framework/command/command.ts'
import { version } from '../../framework/environment/version.ts'

/** `acrux version`. */
export const command = defineCommand({
  examples: ['acrux version'],
  exitCodes: {},
  run: async (_flags, { print }) => print(`acrux ${version} (node ${process.versions.node})\n`),
})
