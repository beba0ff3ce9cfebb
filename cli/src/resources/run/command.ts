import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { emulatorFlags } from '../emulator/flags.ts'
import { argumentsOf } from './arguments.ts'
import { type RunningCommand, passedSignals, signalExitCode, startCommand } from './child.ts'
import { type EmulatorProcess, emulatorFailed, startEmulator } from './emulator-process.ts'
import { variablesOf } from './variables.ts'

type Flags = Readonly<Record<string, unknown>> & { readonly command: readonly string[]; readonly readyFile?: string }

/** The options of the emulator, except the options that the command itself sets. */
const passedFlags: readonly FlagDescription[] = emulatorFlags.filter(
  ({ flags }) => !/^--(?:ready-file|until-stdin-closes)\b/.test(flags),
)

/** `acrux run`. */
export const command = defineCommand<Flags>({
  about: `
The options of acrux emulator are also options of acrux run. The given command gets variables with which clients and
SDKs use and trust the emulator. The variable ACRUX_READY_FILE contains the path of a JSON file with the addresses, ids
and secrets of the emulator. The acrux program forwards signals to the given command. When the given command ends, the
emulator stops and deletes all files of the emulator.`,
  arguments: [{ name: '<command...>', description: 'the command with its arguments, after --' }],
  flags: [
    ...passedFlags,
    { flags: '--ready-file <file>', description: 'the path of the file that ACRUX_READY_FILE names' },
  ],
  examples: [
    'acrux run -- pytest',
    'acrux run --seed acrux.seed.yaml -- go test ./...',
    `acrux run -- sh -c 'echo "$AZURE_CLIENT_SECRET" | docker login "$ACRUX_LOGIN_SERVER" -u "$AZURE_CLIENT_ID" --password-stdin'`,
  ],
  exitCodes: {
    2: 'wrong option of acrux run',
    125: 'the emulator failed',
    126: 'the command cannot be run',
    127: 'the command does not exist',
    '128': 'plus the number of the signal that ended the command',
  },
  run: async (flags, context) => {
    const readyFile = path.resolve(flags.readyFile ?? path.join(tmpdir(), `acrux-run-${randomUUID()}.json`))
    // The file of an earlier run would look like the file of this run.
    rmSync(readyFile, { force: true })
    try {
      context.exitWith(await runWithEmulator(flags, readyFile, context))
    } finally {
      rmSync(readyFile, { force: true })
    }
  },
})

async function runWithEmulator(flags: Flags, readyFile: string, context: CommandContext): Promise<number> {
  const signals = receiveSignals()
  let emulator: EmulatorProcess
  try {
    emulator = await startEmulator(argumentsOf(passedFlags, flags), readyFile, signals.first)
  } catch (error) {
    if (signals.received !== undefined) return signalExitCode(signals.received)
    throw error
  }
  try {
    if (signals.received !== undefined) return signalExitCode(signals.received)
    const env = { ...context.env, ...variablesOf(emulator.ready, readyFile, context.env) }
    const running = startCommand(flags.command, env, context.log)
    signals.passTo(running)
    const first = await Promise.race([running.exitCode, emulator.ended])
    if (typeof first === 'number') return first
    context.log.error(`the emulator failed: ${first}`)
    running.signal('SIGTERM')
    await running.exitCode
    return emulatorFailed
  } finally {
    await emulator.stop()
  }
}

/**
 * Receives the signals of this process. The first signal stops the start of the emulator, unless the command is already
 * running.
 */
function receiveSignals() {
  const start = new AbortController()
  let command: RunningCommand | undefined
  let received: NodeJS.Signals | undefined
  // The terminal sends an interrupt directly to the command.
  const isByTerminal = (signal: NodeJS.Signals) => /^SIG(?:INT|QUIT)$/.test(signal) && process.stdin.isTTY
  for (const signal of passedSignals)
    process.on(signal, () => {
      if (command === undefined) {
        received ??= signal
        start.abort()
      } else if (!isByTerminal(signal)) command.signal(signal)
    })
  return {
    first: start.signal,
    get received() {
      return received
    },
    passTo: (running: RunningCommand) => {
      command = running
    },
  }
}
