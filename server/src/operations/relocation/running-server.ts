import { setInterval as every } from 'node:timers/promises'
import { DataDirLockedError, openDataDir } from '../../platform/files/data-dir.ts'
import { type ControlAnswer, sendControlCommand } from '../../platform/process/control-channel.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { holdMs, pauseCommands } from './write-pause.ts'

/** The server whose data is moved. The server may be running or stopped. */
export type ServerToMove = {
  readonly isRunning: boolean
  /** Pauses the changes of the server, and extends the pause until `close`. @throws StartupError */
  readonly pause: () => Promise<void>
  /** Extends the pause until the server is stopped. @throws StartupError if the server has accepted changes in the meantime */
  readonly keepPaused: () => Promise<void>
  /** Makes the server accept changes again, if its changes are paused. */
  readonly resume: () => Promise<void>
  readonly close: () => void
}

/** Finds out whether a server is running. If the server is stopped, it cannot be started until `close`. */
export async function findServer(dataDir: string, id: string): Promise<ServerToMove> {
  try {
    const locked = await openDataDir(dataDir)
    const nothing = () => Promise.resolve()
    return { isRunning: false, pause: nothing, keepPaused: nothing, resume: nothing, close: () => locked.close() }
  } catch (error) {
    if (!(error instanceof DataDirLockedError)) throw error
  }
  const send = async (command: string) => requireOk(await sendControlCommand(dataDir, { command, id }))
  const ended = new AbortController()
  const hold = async () => {
    for await (const _ of every(holdMs / 6, undefined, { signal: ended.signal })) await send(pauseCommands.hold)
  }
  return {
    isRunning: true,
    pause: async () => {
      await send(pauseCommands.pause)
      // If the connection is lost, `keepPaused` fails.
      hold().catch(() => undefined)
    },
    keepPaused: () => send(pauseCommands.keep),
    resume: async () => {
      ended.abort()
      // Without the connection, the pause ends by itself.
      await send(pauseCommands.resume).catch(() => undefined)
    },
    close: () => ended.abort(),
  }
}

function requireOk(answer: ControlAnswer): void {
  if (answer.ok) return
  throw new StartupError(
    `the running server rejected the request: ${answer.message}`,
    exitCodes.dataDirLocked,
    'run this command again to continue the move',
  )
}
