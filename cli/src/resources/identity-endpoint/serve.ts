import { randomBytes } from 'node:crypto'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { shellWord } from '@acrux/shared/texts/shell-word.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { readPrivateFile, writePrivateFile } from '../../framework/files/private-file.ts'
import { type RunningEndpoint, requireLoopbackAddress, startEndpoint } from './endpoint.ts'
import { exitCodes } from './exit-codes.ts'
import { type MachineState, defaultHeaderFile, readState } from './machine-state.ts'
import { type StateDirFlags, serveCodes, stateDirFlag } from './options.ts'
import { createTokenSource } from './token-source.ts'

type Flags = StateDirFlags & {
  readonly listen: string
  readonly appServiceHeaderFile?: string
  readonly imds: boolean
}

/** `acrux identity-endpoint serve`. */
export const command = defineCommand<Flags>({
  flags: [
    { flags: '--listen <host:port>', description: 'an address of the loopback interface', default: '127.0.0.1:40342' },
    stateDirFlag(),
    {
      flags: '--app-service-header-file <file>',
      description:
        'the file with the value that programs must send as X-IDENTITY-HEADER the command creates the file if necessary. Default: identity-header in the state directory',
    },
    { flags: '--no-imds', description: 'issue tokens only to programs that send the header' },
  ],
  examples: [
    'acrux identity-endpoint serve',
    'AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:40342 az login --identity',
  ],
  exitCodes: serveCodes,
  privateFiles: true,
  run: serve,
})

async function serve(flags: Flags, context: CommandContext): Promise<void> {
  const { stateDir, imds } = flags
  const listen = requireLoopbackAddress(flags.listen)
  const state = await readState(stateDir)
  const headerFile = flags.appServiceHeaderFile ?? defaultHeaderFile(stateDir)
  const header = await readOrCreateHeader(headerFile)
  const endpoint = await startEndpoint({
    listen,
    header,
    imds,
    tokens: createTokenSource(() => readState(stateDir), Date.now),
    log: context.log.error,
  })
  stopOnSignals(endpoint)
  context.print(startText(state, endpoint.origin, headerFile, imds))
}

function startText(state: MachineState, origin: string, headerFile: string, imds: boolean): string {
  const secret = `"$(cat ${shellWord(headerFile)})"`
  return [
    `acrux: this machine is ${state.resourceId} (client id ${state.clientId}) at ${state.server}`,
    'acrux: set these variables for programs on this machine; the programs need no other credential:',
    ...(imds
      ? [
          '  # for programs that use the endpoint of Azure virtual machines',
          `  export AZURE_POD_IDENTITY_AUTHORITY_HOST=${origin}`,
        ]
      : []),
    `  # for programs that use the endpoint of App Service, run by users that can read ${headerFile}`,
    `  export IDENTITY_ENDPOINT=${origin}/msi/token IDENTITY_HEADER=${secret}`,
    '  # for programs that use the endpoint of Azure Machine Learning',
    `  export MSI_ENDPOINT=${origin}/msi/token MSI_SECRET=${secret} DEFAULT_IDENTITY_CLIENT_ID=${state.clientId}`,
    `acrux: identity endpoint ready at ${origin}`,
    '',
  ].join('\n')
}

const maxHeaderBytes = 1024

async function readOrCreateHeader(file: string): Promise<string> {
  try {
    const present = (await readPrivateFile(file, maxHeaderBytes))?.trim()
    if (present !== undefined && present.length < 32) throw new Error('the stored header has fewer than 32 characters')
    if (present !== undefined) return present
    const created = randomBytes(32).toString('base64url')
    await writePrivateFile(file, `${created}\n`)
    return created
  } catch (error) {
    throw new CommandFailure(
      `the header file ${file} cannot be used: ${plainReason(error)}`,
      exitCodes.usage,
      'delete it, or set another one with --app-service-header-file',
      { cause: error },
    )
  }
}

/** The first signal stops the endpoint gracefully; a second signal stops the endpoint immediately. */
function stopOnSignals(endpoint: RunningEndpoint): void {
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(exitCodes.unexpected)
    stopping = true
    void endpoint.close().then(() => process.exit(exitCodes.ok))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
