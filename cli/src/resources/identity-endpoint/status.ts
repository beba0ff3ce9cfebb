import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { exitCodes } from './exit-codes.ts'
import { readState } from './machine-state.ts'
import { type StateDirFlags, serveCodes, serverCodes, stateDirFlag, usageCodes } from './shared.ts'
import { createTokenSource } from './token-source.ts'

const armResource = 'https://management.core.windows.net/'

/** `acrux identity-endpoint status`. */
export const command = defineCommand<StateDirFlags>({
  flags: [stateDirFlag()],
  examples: ['acrux identity-endpoint status'],
  exitCodes: { ...usageCodes, 20: serveCodes[20], ...serverCodes },
  prints: 'itself',
  privateFiles: true,
  run: showStatus,
})

async function showStatus({ stateDir }: StateDirFlags, { print }: CommandContext): Promise<void> {
  const state = await readState(stateDir)
  print(
    [
      `machine:   ${state.resourceId}`,
      `server:    ${state.server}`,
      `tenant:    ${state.tenantId}`,
      `client id: ${state.clientId}`,
      `object id: ${state.objectId}`,
      `key id:    ${state.keyId}`,
      '',
    ].join('\n'),
  )
  const outcome = await createTokenSource(() => Promise.resolve(state), Date.now)(armResource, undefined)
  if (outcome.ok) {
    print('accepted:  yes\n')
    return
  }
  const { status, description } = outcome.refusal
  print('accepted:  no\n')
  throw status === 503
    ? new CommandFailure(
        description,
        exitCodes.unreachable,
        'check that the server is running and can be reached from this machine',
      )
    : new CommandFailure(description, exitCodes.refused, 'enroll this machine again')
}
