import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { type EnrollOptions, enroll } from './enroll.ts'
import { exitCodes } from './exit-codes.ts'
import { readState, removeState } from './machine-state.ts'
import { type StateDirFlags, aboutCodes, serveCodes, serverCodes, stateDirFlag, usageCodes } from './options.ts'
import { createTokenSource } from './token-source.ts'

/** `acrux identity-endpoint enroll`. */
export const enrollMachine = defineCommand<EnrollOptions>({
  about: aboutCodes,
  flags: [
    {
      flags: '--server <url>',
      description: 'the base URL of the server, such as https://registry.example.com',
      required: true,
    },
    {
      flags: '--code <code>',
      description: 'the enrollment code of this machine; - reads it from stdin',
      required: true,
      secret: true,
    },
    {
      flags: '--ca <file>',
      description: 'a PEM file with the certificate authority that signed the certificate of the server',
    },
    stateDirFlag(),
  ],
  examples: [
    'acrux identity-endpoint enroll --server https://registry.example.com --code 7K3M-9QRT-2VWX-8HJN-5PBD',
    'acrux identity-endpoint enroll --server https://registry.example.com --code - --ca ca.pem',
  ],
  exitCodes: { ...usageCodes, 20: 'the key cannot be written', ...serverCodes },
  privateFiles: true,
  run: async (flags, { print }) => {
    const state = await enroll(flags)
    print(`acrux: this machine is ${state.resourceId}\n`)
    print(`acrux: client id ${state.clientId}, object id ${state.objectId}\n`)
    print('       run acrux identity-endpoint serve\n')
  },
})

const armResource = 'https://management.core.windows.net/'

/** `acrux identity-endpoint status`. */
export const showStatus = defineCommand<StateDirFlags>({
  flags: [stateDirFlag()],
  examples: ['acrux identity-endpoint status'],
  exitCodes: { ...usageCodes, 20: serveCodes[20], ...serverCodes },
  privateFiles: true,
  run: printStatus,
})

async function printStatus({ stateDir }: StateDirFlags, { print }: CommandContext): Promise<void> {
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
  const { status, description } = outcome.rejection
  print('accepted:  no\n')
  throw status === 503
    ? new CommandFailure(
        description,
        exitCodes.unreachable,
        'check that the server is running and can be reached from this machine',
      )
    : new CommandFailure(description, exitCodes.rejected, 'enroll this machine again')
}

/** `acrux identity-endpoint forget`. */
export const forget = defineCommand<StateDirFlags>({
  flags: [stateDirFlag()],
  examples: ['acrux identity-endpoint forget'],
  exitCodes: usageCodes,
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
