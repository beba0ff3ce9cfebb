import { chmod, rm } from 'node:fs/promises'
import { type Socket, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { exitCodes, StartupError, systemErrorCode } from './exit.ts'

/** A command of the operator to the server that works on a data directory; it has a name and plain values. */
export type ControlCommand = Readonly<Record<string, unknown>> & { readonly command: string }

/** What a server answers: a result, or why there is none. */
export type ControlAnswer =
  { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly message: string }

/** Carries a command out, or refuses it with a message. */
export type ControlHandler = (command: ControlCommand) => Promise<ControlAnswer>

/** The longest command in bytes, how long it may take to come, and how many may come at a time. */
const maxCommandBytes = 4096
const patienceMs = 30_000
const maxConnections = 4

/** The longest path that every system takes for a socket. [sockaddr_un] */
const maxPathBytes = 100

/**
 * Listens for commands on a Unix socket in the data directory, which only this user may enter: whoever can connect can
 * also read the master key. Undefined where the path is too long for a socket.
 */
export async function openControlChannel(
  dataDir: string,
  handle: ControlHandler,
): Promise<{ readonly close: () => Promise<void> } | undefined> {
  const path = socketIn(dataDir)
  if (Buffer.byteLength(path) > maxPathBytes || process.platform === 'win32') return undefined
  // The data directory is locked by this process: what is there was left by one that is gone.
  await rm(path, { force: true })
  const server = createServer((socket) => void serve(socket, handle))
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
      }),
  }
}

async function serve(socket: Socket, handle: ControlHandler): Promise<void> {
  socket.setTimeout(patienceMs, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  const answer = await readLine(socket)
    .then((line) => handle(parseCommand(line)))
    .catch((): ControlAnswer => ({ ok: false, message: 'the server could not carry the command out; see its log' }))
  socket.end(`${JSON.stringify(answer)}\n`)
}

/** Sends a command to the server that works on a data directory. @throws StartupError where it cannot be reached */
export async function sendControlCommand(dataDir: string, command: ControlCommand): Promise<ControlAnswer> {
  try {
    const socket = connect(socketIn(dataDir))
    socket.setTimeout(patienceMs, () => socket.destroy(new Error('the server did not answer')))
    socket.write(`${JSON.stringify(command)}\n`)
    return JSON.parse(await readLine(socket)) as ControlAnswer
  } catch (error) {
    throw new StartupError(
      `the server that uses ${dataDir} cannot be reached: ${String(systemErrorCode(error) ?? error)}`,
      exitCodes.dataDirLocked,
      'run it as the user that the server runs as, or stop the server first',
      { cause: error },
    )
  }
}

function socketIn(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

function parseCommand(line: string): ControlCommand {
  const value: unknown = JSON.parse(line)
  if (typeof value === 'object' && value !== null && 'command' in value && typeof value.command === 'string') {
    return { ...value, command: value.command }
  }
  throw new Error('not a command')
}

function readLine(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (piece: string) => {
      text += piece
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > maxCommandBytes) reject(new Error('the line is too long'))
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection ended')))
  })
}
