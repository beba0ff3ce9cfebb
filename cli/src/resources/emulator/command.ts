import { startServer } from '@acrux/server'
import { type EmulatorFlags, type RunningEmulator, emulate } from '@acrux/server/emulator'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { defineCommand } from '../../framework/command/command.ts'
import { version } from '../../framework/environment/version.ts'
import { serveExitCodes } from '../serve/exit-codes.ts'
import { collectGarbageOnMainThread } from '../serve/garbage-collection.ts'
import { type ReadyFile, openReadyFile } from '../serve/ready-file.ts'
import { emulatorFlags } from './flags.ts'

type Flags = EmulatorFlags & {
  readonly readyFile?: string
  readonly untilStdinCloses?: true
  readonly silent?: true
}

/** `acrux emulator`: a registry for tests. */
export const command = defineCommand<Flags>({
  about: `
The emulator is a server for tests. The emulator uses fixed ids and secrets, follows the rules of Azure Container
Registry, and leaves no files. Do not store real images in the emulator, because the emulator's secrets are public.
Through the control API, tests reset the state, change the clock and inject faults.`,
  examples: [
    'acrux emulator',
    'acrux emulator --seed acrux.seed.yaml --ready-file acrux.json --until-stdin-closes',
    'acrux emulator --listen 127.0.0.1:5001 --clock 2027-01-01T00:00:00Z',
    'acrux emulator --listen 0.0.0.0:5001 --control 0.0.0.0:5002 --control-token @token --allow-network',
  ],
  exitCodes: { ...serveExitCodes, 20: 'the seed cannot be applied' },
  flags: emulatorFlags,
  privateFiles: true,
  run: async ({ readyFile, untilStdinCloses, silent, ...flags }) => {
    collectGarbageOnMainThread()
    const { env } = process
    const logLevel = silent === true ? 'silent' : logLevelOf(env['ACRUX_LOG_LEVEL'])
    const file = await openReadyFile(readyFile)
    const started = stopLater({ file, untilStdinCloses: untilStdinCloses === true })
    const emulator = await emulate(flags, { version, env, logLevel }, startServer)
    started(emulator)
    await file.write(emulator.ready)
    announce(emulator, silent === true)
  },
})

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

function logLevelOf(text = 'info'): (typeof logLevels)[number] {
  const level = logLevels.find((each) => each === text)
  if (level !== undefined) return level
  throw new StartupError(
    `ACRUX_LOG_LEVEL: must be one of ${logLevels.join(', ')}, not ${text}`,
    exitCodes.configuration,
    'change or unset ACRUX_LOG_LEVEL',
  )
}

function announce({ ready, warnings }: RunningEmulator, isSilent: boolean): void {
  const { loginServer, control, tenantId, owner } = ready
  for (const warning of warnings) process.stderr.write(`acrux: warning: ${warning}\n`)
  if (!isSilent) {
    process.stdout.write(`acrux: registry ${loginServer}, tenant ${tenantId}\n`)
    process.stdout.write(`acrux: owner ${owner.appId} with the secret ${owner.secret}\n`)
    process.stdout.write(`acrux: control API at ${control}\n`)
  }
  process.stdout.write(`acrux: ready at ${ready.url}\n`)
}

/** How the process ends. */
type Ending = { readonly file: ReadyFile; readonly untilStdinCloses: boolean }

/**
 * The first signal stops the emulator, even while the emulator starts; a second signal ends the emulator immediately.
 * No file remains in either case. Returns the function to call with the running emulator.
 */
function stopLater({ file, untilStdinCloses }: Ending): (emulator: RunningEmulator) => void {
  let running: RunningEmulator | undefined
  let isStopping = false
  process.on('exit', file.remove)
  const stop = () => {
    if (isStopping) process.exit(exitCodes.unexpected)
    isStopping = true
    // The files of an emulator that is starting are removed when the process ends.
    if (running === undefined) process.exit(exitCodes.ok)
    running.stop().then(
      () => process.exit(exitCodes.ok),
      (error: unknown) => {
        process.stderr.write(`acrux: the emulator did not stop cleanly: ${plainReason(error)}\n`)
        process.exit(exitCodes.unexpected)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  // A pipe whose other end is killed is closed, too.
  if (untilStdinCloses) process.stdin.resume().once('end', stop).once('error', stop)
  return (emulator) => {
    running = emulator
  }
}
