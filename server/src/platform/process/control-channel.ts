import { chmod, rm } from 'node:fs/promises'
import { type Socket, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

/** An operator's command to the server that uses a data directory: a name and plain values. */
export type ControlCommand = Readonly<Record<string, unknown>> & { readonly command: string }

/** The server's answer, which is a result or an error message. */
export type ControlAnswer =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly message: string }

/** Runs a command, or rejects it with a message. */
export type ControlHandler = (command: ControlCommand) => Promise<ControlAnswer>

/** The maximum length of a command, in characters. */
const maxCommandLength = 4096
/** The maximum length of an answer, which may list many names. */
const maxAnswerLength = 1024 * 1024
/** The maximum time in which a command or an answer must arrive. */
const lineMs = 30_000
/** The maximum number of open connections. */
const maxConnections = 4

/** The maximum length of a socket path on all systems. [sockaddr_un] */
const maxPathBytes = 100

/**
 * Listens for commands on a Unix socket in the data directory. Only the user of the server may open the socket. Any
 * process that can connect could also read the master key, so commands need no credentials. Returns undefined if the
 * path is too long for a socket.
 */
export async function openControlChannel(
  dataDir: string,
  handle: ControlHandler,
): Promise<{ readonly close: () => Promise<void> } | undefined> {
  const path = socketIn(dataDir)
  if (isSocketPathTooLong(path) || process.platform === 'win32') return undefined
  // This process has locked the data directory, so an existing socket is left over from an earlier process.
  await rm(path, { force: true })
  const waiting = new Set<Socket>()
  const server = createServer((socket) => void serve(socket, handle, waiting))
  server.maxConnections = maxConnections
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  await chmod(path, 0o600)
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Only connections without a complete command are closed. A command that has arrived continues to run.
        for (const socket of waiting) socket.destroy()
      }),
  }
}

/** Answers one command. The connection is in `waiting` until the command has arrived. */
async function serve(socket: Socket, handle: ControlHandler, waiting: Set<Socket>): Promise<void> {
  socket.on('error', () => socket.destroy())
  waiting.add(socket)
  const command = await readLine(socket, maxCommandLength).then(parseCommand, () => undefined)
  waiting.delete(socket)
  const answer = command === undefined ? unreadable : await handle(command).catch(() => failed)
  socket.end(`${JSON.stringify(answer)}\n`)
  socket.destroySoon()
}

const unreadable: ControlAnswer = { ok: false, message: 'the command could not be read' }
/** The handler has logged the reason. */
const failed: ControlAnswer = { ok: false, message: 'the command failed; see the log of the server' }

/** Sends a command to the server that uses a data directory. @throws StartupError if the server cannot be reached */
export async function sendControlCommand(dataDir: string, command: ControlCommand): Promise<ControlAnswer> {
  const path = socketIn(dataDir)
  if (isSocketPathTooLong(path)) {
    throw new StartupError(
      `the server that uses ${dataDir} cannot be reached: the path is too long for a socket`,
      exitCodes.dataDirLocked,
      'stop the server first',
    )
  }
  try {
    const socket = connect(path)
    socket.write(`${JSON.stringify(command)}\n`)
    return JSON.parse(await readLine(socket, maxAnswerLength)) as ControlAnswer
  } catch (error) {
    throw new StartupError(
      `the server that uses ${dataDir} cannot be reached: ${plainReason(error)}`,
      exitCodes.dataDirLocked,
      'run the command as the user that runs the server, or stop the server first',
      { cause: error },
    )
  }
}

function socketIn(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

/** Whether a path is too long for a Unix socket on some operating system. */
export function isSocketPathTooLong(path: string): boolean {
  return Buffer.byteLength(path) > maxPathBytes
}

function parseCommand(line: string): ControlCommand | undefined {
  try {
    const value: unknown = JSON.parse(line)
    const isCommand = typeof value === 'object' && value !== null && 'command' in value
    return isCommand && typeof value.command === 'string' ? { ...value, command: value.command } : undefined
  } catch {
    return undefined
  }
}

/** Reads exactly one line. @throws Error if the line does not arrive in time, is too long, or more data follows */
function readLine(socket: Socket, maxLength: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const timer = setTimeout(() => socket.destroy(new Error('no complete line arrived in time')), lineMs)
  let text = ''
  const onData = (piece: string) => {
    text += piece
    const end = text.indexOf('\n')
    if (end === -1 && text.length <= maxLength) return
    socket.off('data', onData)
    if (end === text.length - 1 && end <= maxLength) resolve(text.slice(0, end))
    else reject(new Error('the line is too long, or more data follows the line'))
  }
  socket.setEncoding('utf8')
  socket.on('data', onData)
  socket.once('error', reject)
  socket.once('close', () => reject(new Error('the connection ended')))
  return promise.finally(() => clearTimeout(timer))
}
