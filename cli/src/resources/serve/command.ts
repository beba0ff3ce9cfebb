import { rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import {
  type RunningServer,
  type SettingDefinition,
  loadConfiguration,
  settingDefinitions,
  startServer,
} from '@acrux/server'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import { version } from '../../framework/environment/version.ts'
import { writePrivateFile } from '../../framework/files/private-file.ts'
import { serverEnvironment } from '../data-dir/data-dir.ts'
import { nextSteps } from './next-steps.ts'

/** `acrux serve`. Its options are the settings of the server. */
export const command = defineCommand<Record<string, unknown>>({
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
    16: 'a newer version changed the database, and this version does not work with it',
    18: 'the PostgreSQL server cannot be reached, or cannot be used',
    19: 'the object store cannot be used',
  },
  flags: [
    ...settingDefinitions.map(toFlag),
    {
      flags: '--renew-ca',
      description:
        "Replace the server's own certificate authority at this start with a new one for the configured hosts. All clients must trust the new one.",
    },
    {
      flags: '--ready-file <file>',
      description:
        'Write a JSON file when the server accepts connections: url, loginServer, listen, pid, dataDir, caFile. Only your user can read it. An old file is deleted first, and this one when the server stops.',
    },
  ],
  // Only the user of the server may read the files that it writes.
  privateFiles: true,
  run: async (flags) => {
    collectGarbageOnMainThread()
    await serve(flags)
  },
})

/**
 * On one or two cores, V8's garbage collection threads compete with the thread that handles requests. Without concurrent
 * marking, 99 % of tokens are issued within 28 to 39 ms instead of 68 to 117 ms while a client sends large manifests in a
 * loop. Without parallel scavenging, a manifest GET takes 9 % less processor time, and a token exchange 11 %.
 *
 * Earlier collections are no help: with `--heap-growing-percent=50`, 99 % of tokens are issued within 29 to 38 ms instead of 7 to
 * 13 while a client lists the properties of manifests.
 */
function collectGarbageOnMainThread(): void {
  if (availableParallelism() > 2) return
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}

function toFlag({ option, description, defaultText, variable, kind }: SettingDefinition): FlagDescription {
  return {
    flags: option,
    description: `${description} Default: ${defaultText}. Variable: ${variable}`,
    ...(kind === 'list' && { repeated: true }),
  }
}

async function serve({ renewCa, readyFile, ...flags }: Record<string, unknown>): Promise<void> {
  const configuration = await loadConfiguration({ flags, env: serverEnvironment() })
  const file = typeof readyFile === 'string' ? path.resolve(readyFile) : undefined
  if (file !== undefined) await writable(file, () => rm(file, { force: true }))
  const { env } = process
  const acceptsPrepared = env['ACRUX_ACCEPT_PREPARED'] === 'true'
  const server = await startServer(configuration, { renewCa: renewCa === true, version, acceptsPrepared })
  stopOnSignals(server, file)
  if (file !== undefined) await writable(file, () => writePrivateFile(file, readyDocument(server)))
  announce(server)
}

/** The content of the ready file. */
function readyDocument({ publicOrigin, loginServer, listening, dataDir, caFile }: RunningServer): string {
  const { pid } = process
  const content = { url: publicOrigin, loginServer, listen: listening, pid, dataDir, caFile: caFile ?? null }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

async function writable<Result>(file: string, write: () => Promise<Result>): Promise<Result> {
  try {
    return await write()
  } catch (error) {
    throw new StartupError(
      `the ready file ${file} cannot be written: ${plainReason(error)}`,
      exitCodes.configuration,
      'name a file in a directory that can be written',
      { cause: error },
    )
  }
}

function announce({ firstRun, notice, publicOrigin, renewedCa }: RunningServer): void {
  if (firstRun !== undefined) process.stdout.write(nextSteps(firstRun.content, firstRun.file))
  if (renewedCa !== undefined) {
    const { file, fingerprint } = renewedCa
    process.stdout.write(`acrux: created a new certificate authority, ${file}; all clients must trust it\n`)
    process.stdout.write(`acrux: the SHA-256 fingerprint is ${fingerprint}\n`)
  }
  if (notice !== undefined) process.stdout.write(`acrux: ${notice}\n`)
  process.stdout.write(`acrux: portal at ${publicOrigin}/portal/\n`)
  process.stdout.write(`acrux: ready at ${publicOrigin}\n`)
}

/** The first signal stops the server gracefully; a second one stops it at once. */
function stopOnSignals(server: RunningServer, readyFile: string | undefined): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(exitCodes.unexpected)
    stopping = true
    if (readyFile !== undefined) rmSync(readyFile, { force: true })
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
