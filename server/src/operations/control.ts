import { randomUUID } from 'node:crypto'
import { type ServerAddress, addressCommand } from '@acrux/shared/wire/server-address.ts'
import type { Log } from '../platform/log/log.ts'
import type { ControlAnswer, ControlCommand, ControlHandler } from '../platform/process/control-channel.ts'
import { changeKeys, changeKeysCommand } from './keys/master-key.ts'
import { type OwnerResetContext, OwnerResetError, resetCommand, resetOwner } from './owners/owner-reset.ts'

type ControlContext = OwnerResetContext & { readonly address: ServerAddress }

/** Runs the commands that the operator sends to a running server. */
export function controlHandler(context: ControlContext, log: Log): ControlHandler {
  return async (command) => {
    try {
      return await carryOut(context, command)
    } catch (error) {
      if (error instanceof OwnerResetError) return { ok: false, message: error.message }
      log.error({ err: error, id: randomUUID(), command: command.command }, 'a command of the operator failed')
      throw error
    }
  }
}

async function carryOut(context: ControlContext, command: ControlCommand): Promise<ControlAnswer> {
  switch (command.command) {
    case resetCommand: {
      const { user, removeSecondFactors } = command
      const request = {
        user: typeof user === 'string' ? user : undefined,
        removeSecondFactors: removeSecondFactors === true,
      }
      return { ok: true, result: await resetOwner(context, request) }
    }
    case addressCommand:
      return { ok: true, result: context.address }
    case changeKeysCommand:
      await changeKeys(context, command)
      return { ok: true, result: null }
    default:
      return { ok: false, message: 'the running server does not have this command' }
  }
}
