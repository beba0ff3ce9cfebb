import { defineCommand } from '../../framework/command/command.ts'
import { removeState } from './machine-state.ts'
import { type StateDirFlags, stateDirFlag, usageCodes } from './shared.ts'

/** `acrux identity-endpoint forget`. */
export const command = defineCommand<StateDirFlags>({
  flags: [stateDirFlag()],
  examples: ['acrux identity-endpoint forget'],
  exitCodes: usageCodes,
  prints: 'itself',
  privateFiles: true,
  run: async ({ stateDir }, { print }) => {
    const removed = await removeState(stateDir)
    print(
      removed
        ? 'acrux: the key of this machine was deleted\n'
        : 'acrux: this machine is not enrolled: there is no key to delete\n',
    )
  },
})
