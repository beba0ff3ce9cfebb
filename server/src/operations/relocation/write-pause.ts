import { randomUUID } from 'node:crypto'
import type { Log } from '../../platform/log/log.ts'
import type { ControlAnswer, ControlCommand } from '../../platform/process/control-channel.ts'
import type { PausableDatabase } from '../../platform/sql/pausable-database.ts'

/** The commands that a relocation sends to the running server. */
export const pauseCommands = {
  pause: 'pause-writes',
  hold: 'hold-writes',
  keep: 'keep-writes-paused',
  resume: 'resume-writes',
} as const

/** The duration of a pause without the command `hold`. If the relocation is killed, the server accepts changes again after this time. */
export const holdMs = 30_000

export type WritePauseParts = {
  readonly writes: PausableDatabase
  /** Writes the pending changes from memory to the database. */
  readonly beforePause: () => Promise<void>
  readonly log: Log
}

/** Pauses the changes of a running server for the last step of a relocation. */
export type WritePause = {
  /** The result is undefined for another command. */
  readonly handle: (command: ControlCommand) => Promise<ControlAnswer | undefined>
  readonly close: () => void
}

const accepted: ControlAnswer = { ok: false, message: 'the server accepts changes again' }

/** Creates the handler of {@link pauseCommands}. */
export function createWritePause({ writes, beforePause, log }: WritePauseParts): WritePause {
  let holder: string | undefined
  let timer: NodeJS.Timeout | undefined
  let isKept = false

  async function resume(): Promise<void> {
    holder = undefined
    log.warn('the move was interrupted: changes are accepted again')
    await writes.resume()
  }

  function arm(): void {
    clearTimeout(timer)
    if (isKept) return
    timer = setTimeout(() => {
      resume().catch((error: unknown) =>
        log.error({ err: error, id: randomUUID() }, 'failed to accept changes again: rows remain in a file'),
      )
    }, holdMs)
    timer.unref()
  }

  async function pause(id: string): Promise<ControlAnswer> {
    if (holder !== undefined && holder !== id)
      return { ok: false, message: 'another run of acrux migrate is in the last step' }
    if (holder === undefined) {
      log.warn('changes are paused for the last step of a move')
      holder = id
      arm()
      await beforePause()
    }
    if (holder !== id) return accepted
    await writes.pause()
    arm()
    return { ok: true, result: {} }
  }

  return {
    handle: async ({ command, id }) => {
      if (typeof id !== 'string') return undefined
      if (command === pauseCommands.pause) return pause(id)
      if (command === pauseCommands.resume && holder === id && !isKept) {
        clearTimeout(timer)
        await resume()
        return { ok: true, result: {} }
      }
      if (command !== pauseCommands.hold && command !== pauseCommands.keep) return undefined
      if (holder !== id) return accepted
      if (command === pauseCommands.keep && !isKept) {
        isKept = true
        log.warn(
          'the data was moved: restart the server with the new settings. Until the restart, the server accepts no changes',
        )
      }
      arm()
      return { ok: true, result: {} }
    },
    close: () => clearTimeout(timer),
  }
}
