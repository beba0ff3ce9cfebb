import {
  type RunningServer,
  type SettingDefinition,
  loadConfiguration,
  settingDefinitions,
  startServer,
} from '@acrux/server'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { type FlagDescription, defineCommand } from '../../framework/command/command.ts'
import { version } from '../../framework/environment/version.ts'
import { serverEnvironment } from '../data-dir/data-dir.ts'
import { serveExitCodes } from './exit-codes.ts'
import { collectGarbageOnMainThread } from './garbage-collection.ts'
import { nextSteps } from './next-steps.ts'
import { type ReadyFile, openReadyFile } from './ready-file.ts'

/** `acrux serve`. Its options are the settings of the server. */
export const command = defineCommand<Record<string, unknown>>({
  about: `
The first start creates the data directory, a certificate authority, a registry and two owners.
The command reads each setting from the option, the environment variable or the YAML file, in this order of precedence.`,
  examples: [
    'acrux serve',
    'acrux serve --listen 0.0.0.0:443 --public-host registry.example.com --tls-cert tls.pem --tls-key tls.key',
    'acrux serve --config /etc/acrux/acrux.yaml',
    'ACRUX_LOG_LEVEL=debug acrux serve --registry contoso',
  ],
  exitCodes: serveExitCodes,
  flags: [
    ...settingDefinitions.map(toFlag),
    {
      flags: '--renew-ca',
      description:
        'Create a new certificate authority for the configured hosts at this start. All clients must trust the new certificate authority.',
    },
    {
      flags: '--ready-file <file>',
      description:
        'When the server accepts connections, write a JSON file that contains url, loginServer, listen, pid, dataDir and caFile. Only your user can read the file. The server deletes an old ready file at the start, and the new ready file when the server stops.',
    },
  ],
  // Only the user of the server may read the files that the server writes.
  privateFiles: true,
  run: async (flags) => {
    collectGarbageOnMainThread()
    await serve(flags)
  },
})

function toFlag({ option, description, defaultText, variable, kind }: SettingDefinition): FlagDescription {
  return {
    flags: option,
    description: `${description} Default: ${defaultText}. Variable: ${variable}`,
    ...(kind === 'list' && { repeated: true }),
  }
}

async function serve({ renewCa, readyFile, ...flags }: Record<string, unknown>): Promise<void> {
  const configuration = await loadConfiguration({ flags, env: serverEnvironment() })
  const file = await openReadyFile(typeof readyFile === 'string' ? readyFile : undefined)
  const { env } = process
  const acceptsPrepared = env['ACRUX_ACCEPT_PREPARED'] === 'true'
  const server = await startServer(configuration, { renewCa: renewCa === true, version, acceptsPrepared })
  stopOnSignals(server, file)
  await file.write(readyDocument(server))
  announce(server)
}

/** The content of the ready file. */
function readyDocument({ publicOrigin, loginServer, listening, dataDir, caFile }: RunningServer) {
  const { pid } = process
  return { url: publicOrigin, loginServer, listen: listening, pid, dataDir, caFile: caFile ?? null }
}

function announce({ firstRun, notice, publicOrigin, renewedCa }: RunningServer): void {
  if (firstRun !== undefined) process.stdout.write(nextSteps(firstRun.content, firstRun.file))
  if (renewedCa !== undefined) {
    const { file, fingerprint } = renewedCa
    process.stdout.write(`acrux: created a new certificate authority, ${file}; all clients must trust this authority\n`)
    process.stdout.write(`acrux: the SHA-256 fingerprint is ${fingerprint}\n`)
  }
  if (notice !== undefined) process.stdout.write(`acrux: ${notice}\n`)
  process.stdout.write(`acrux: portal at ${publicOrigin}/portal/\n`)
  process.stdout.write(`acrux: ready at ${publicOrigin}\n`)
}

/** The first signal stops the server gracefully; a second signal stops the server immediately. */
function stopOnSignals(server: RunningServer, readyFile: ReadyFile): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(exitCodes.unexpected)
    stopping = true
    readyFile.remove()
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
