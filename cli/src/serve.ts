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
import { nextSteps } from './next-steps.ts'
import { explainFailure } from './startup-failure.ts'

const examples = `
Every setting can also be given by its variable or in a YAML file; a flag weighs most, then a variable, then the file.

Examples:
  acrux serve
  acrux serve --listen 0.0.0.0:443 --public-host registry.example.com --tls-cert tls.pem --tls-key tls.key
  acrux serve --config /etc/acrux/acrux.yaml
  ACRUX_LOG_LEVEL=debug acrux serve --registry contoso
`

/** Adds `acrux serve`. Its options are the settings of the server. */
export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('serve a registry: make what is missing in the data directory, then accept connections')
    .addHelpText('after', examples)
  for (const setting of settingDefinitions) command.addOption(toOption(setting))
  command.option(
    '--renew-ca',
    "Replace the server's own certificate authority at this start with a new one for the configured hosts. All clients must trust the new one.",
  )
  command.action(async () => {
    // What the server makes is for its own user's eyes.
    process.umask(0o077)
    collectGarbageOnMainThread()
    await serve(command.opts())
  })
}

/**
 * On one or two cores, the threads that collect garbage compete with the thread that answers requests. Without those that
 * mark, 99 % of tokens are issued within 28 to 39 ms instead of 68 to 117 ms while large manifests are sent in a loop.
 * Without those that scavenge, a manifest GET takes 9 % less processor time, and a token exchange 11 %.
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
    process.stdout.write(`acrux: made a new certificate authority, which all clients must trust: ${file}\n`)
    process.stdout.write(`acrux: the SHA-256 fingerprint is ${fingerprint}\n`)
  }
  if (notice !== undefined) process.stdout.write(`acrux: ${notice}\n`)
  process.stdout.write(`acrux: ready at ${publicOrigin}\n`)
}

/** The first signal ends the server in order; a second one ends it at once. */
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
