import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { plainReason } from '@acrux/server/plain-reason'
import {
  type RunningServer,
  type SettingDefinition,
  exitCodes,
  loadConfiguration,
  settingDefinitions,
  startServer,
} from '@acrux/server'
import { type Command, Option } from 'commander'
import { type HelpText, withHelp } from './help-text.ts'
import { nextSteps } from './next-steps.ts'
import { explainFailure } from './startup-failure.ts'

const help: HelpText = {
  about: `
The first start creates the data directory, a certificate authority, a registry and two owners.
Each setting is read from its option, its environment variable or the YAML file, in this order of precedence.`,
  examples: [
    'acrux serve',
    'acrux serve --listen 0.0.0.0:443 --public-host registry.example.com --tls-cert tls.pem --tls-key tls.key',
    'acrux serve --config /etc/acrux/acrux.yaml',
    'ACRUX_LOG_LEVEL=debug acrux serve --registry contoso',
  ],
  exitCodes: {
    0: 'stopped by a signal',
    1: 'unexpected error, or stopped by a second signal',
    2: 'wrong option or setting',
    10: 'the port is in use',
    11: 'the listen address is not available',
    12: 'another server uses the data directory',
    13: 'the data directory or its database cannot be used',
    14: 'the master key cannot be read',
    15: 'the TLS certificate cannot be used',
    16: 'the database was written by a newer version',
  },
}

/** Adds `acrux serve`. Its options are the settings of the server. */
export function addServe(program: Command): void {
  const command = program.command('serve').description('start the server')
  for (const setting of settingDefinitions) command.addOption(toOption(setting))
  command.option(
    '--renew-ca',
    "Replace the server's own certificate authority at this start with a new one for the configured hosts. All clients must trust the new one.",
  )
  withHelp(command, help).action(async () => {
    // Only the user of the server may read the files that it writes.
    process.umask(0o077)
    collectGarbageOnMainThread()
    await serve(command.opts())
  })
}

/**
 * On one or two cores, V8's garbage collection threads compete with the thread that handles requests. Without concurrent
 * marking, 99 % of tokens are issued within 28 to 39 ms instead of 68 to 117 ms while a client sends large manifests in a
 * loop. Without parallel scavenging, a manifest GET takes 9 % less processor time, and a token exchange 11 %.
 */
function collectGarbageOnMainThread(): void {
  if (availableParallelism() > 2) return
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}

function toOption(setting: SettingDefinition): Option {
  const option = new Option(
    setting.option,
    `${setting.description} Default: ${setting.defaultText}. Variable: ${setting.variable}`,
  )
  if (setting.kind === 'list') option.argParser((value, all: string[] | undefined) => [...(all ?? []), value])
  return option
}

async function serve({ renewCa, ...flags }: Record<string, unknown>): Promise<void> {
  let server: RunningServer
  try {
    server = await startServer(await loadConfiguration({ flags, env: process.env }), { renewCa: renewCa === true })
  } catch (error) {
    explainFailure(error)
  }
  stopOnSignals(server)
  announce(server)
}

function announce({ firstRun, notice, publicOrigin, renewedCa }: RunningServer): void {
  if (firstRun !== undefined) process.stdout.write(nextSteps(firstRun.content, firstRun.file))
  if (renewedCa !== undefined) {
    const { file, fingerprint } = renewedCa
    process.stdout.write(`acrux: created a new certificate authority, ${file}; all clients must trust it\n`)
    process.stdout.write(`acrux: the SHA-256 fingerprint is ${fingerprint}\n`)
  }
  if (notice !== undefined) process.stdout.write(`acrux: ${notice}\n`)
  process.stdout.write(`acrux: ready at ${publicOrigin}\n`)
}

/** The first signal stops the server gracefully; a second one stops it at once. */
function stopOnSignals(server: RunningServer): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(exitCodes.unexpected)
    stopping = true
    server.stop().then(
      () => process.exit(exitCodes.ok),
      (error: unknown) => {
        process.stderr.write(`acrux: the server did not stop cleanly: ${plainReason(error)}\n`)
        process.exit(exitCodes.unexpected)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
