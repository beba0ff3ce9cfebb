import { plainReason } from '@acrux/server/plain-reason'
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { parseLoopbackAddress, startEndpoint, type RunningEndpoint } from './endpoint.ts'
import { enroll } from './enroll.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { type MachineState, defaultHeaderFile, defaultStateDir, readState, removeState } from './machine-state.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { createTokenSource } from './token-source.ts'
import { shellWord } from '../shell-word.ts'

const examples = `
A machine is a resource of the server. An administrator creates it once. Its enrollment code works once, for 15 minutes:
  az rest --method put  --url .../providers/Microsoft.HybridCompute/machines/build-1?api-version=2024-07-10 --body '{"location":"local"}'
  az rest --method post --url .../providers/Microsoft.HybridCompute/machines/build-1/enrollmentCode?api-version=2024-07-10

Examples:
  acrux identity-endpoint enroll --server https://registry.example.com --code 7K3M-9QRT-2VWX-8HJN-5PBD
  acrux identity-endpoint serve
  AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:40342 az login --identity

Exit codes: 0 done; 1 unexpected; 2 wrong flag or value; 10 port in use; 11 address unavailable; 20 not enrolled;
21 refused by the server; 22 server cannot be reached.
`

const armResource = 'https://management.core.windows.net/'
const stateDirOption = ['--state-dir <directory>', 'where the key of this machine is kept'] as const

type EnrollFlags = { readonly server: string; readonly code: string; readonly ca?: string; readonly stateDir: string }
type ServeFlags = {
  readonly listen: string
  readonly stateDir: string
  readonly appServiceHeaderFile?: string
  readonly imds: boolean
}

/** Adds `acrux identity-endpoint`: managed identities for a machine outside of any cloud. */
export function addIdentityEndpoint(program: Command): void {
  const command = program
    .command('identity-endpoint')
    .description(
      'give programs on this machine a managed identity, for az login --identity and ManagedIdentityCredential',
    )
    .addHelpText('after', examples)
  command
    .command('enroll')
    .description('create a key on this machine and register it with a server; an earlier key becomes invalid')
    .requiredOption('--server <url>', 'the base URL of the server, such as https://registry.example.com')
    .requiredOption('--code <code>', 'the enrollment code of this machine; - reads it from stdin')
    .option('--ca <file>', 'the certificate authority (PEM) that signed the certificate of the server')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: EnrollFlags) => orExplain(() => enrollMachine(flags)))
  command
    .command('serve')
    .description(
      'serve tokens to programs on this machine, through the endpoints of Azure virtual machines, App Service and Azure ML',
    )
    .option('--listen <host:port>', 'an address of the loopback interface', '127.0.0.1:40342')
    .option(...stateDirOption, defaultStateDir())
    .option(
      '--app-service-header-file <file>',
      'the file with the value that programs must send as X-IDENTITY-HEADER; it is created if it does not exist (default: identity-header in the state directory)',
    )
    .option('--no-imds', 'serve only programs that send the header, not every program on this machine')
    .action((flags: ServeFlags) => orExplain(() => serve(flags)))
  command
    .command('status')
    .description('show which machine this is, and whether the server accepts its key')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: { readonly stateDir: string }) => orExplain(() => showStatus(flags.stateDir)))
  command
    .command('forget')
    .description('remove the key from this machine; the machine remains on the server until it is deleted there')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: { readonly stateDir: string }) => orExplain(() => forget(flags.stateDir)))
}

async function enrollMachine(flags: EnrollFlags): Promise<void> {
  const state = await enroll(flags)
  process.stdout.write(`acrux: this machine is ${state.resourceId}\n`)
  process.stdout.write(`acrux: client id ${state.clientId}, object id ${state.objectId}\n`)
  process.stdout.write('Next: acrux identity-endpoint serve\n')
}

async function serve(flags: ServeFlags): Promise<void> {
  const { stateDir, imds } = flags
  const listen = parseLoopbackAddress(flags.listen)
  const state = await readState(stateDir)
  const headerFile = flags.appServiceHeaderFile ?? defaultHeaderFile(stateDir)
  const header = await readOrMakeHeader(headerFile)
  const endpoint = await startEndpoint({
    listen,
    header,
    imds,
    tokens: createTokenSource(() => readState(stateDir), Date.now),
    log: (line) => void process.stderr.write(`acrux: ${line}\n`),
  })
  stopOnSignals(endpoint)
  process.stdout.write(startText(state, endpoint.origin, headerFile, imds))
}

function startText(state: MachineState, origin: string, headerFile: string, imds: boolean): string {
  const secret = `"$(cat ${shellWord(headerFile)})"`
  return [
    `acrux: this machine is ${state.resourceId} (client id ${state.clientId}) at ${state.server}`,
    'acrux: programs on this machine need no secret with these variables:',
    ...(imds ? ['  # as on a virtual machine of Azure', `  export AZURE_POD_IDENTITY_AUTHORITY_HOST=${origin}`] : []),
    `  # as in App Service, for whoever can read ${headerFile}`,
    `  export IDENTITY_ENDPOINT=${origin}/msi/token IDENTITY_HEADER=${secret}`,
    '  # as in Azure Machine Learning',
    `  export MSI_ENDPOINT=${origin}/msi/token MSI_SECRET=${secret} DEFAULT_IDENTITY_CLIENT_ID=${state.clientId}`,
    `acrux: identity endpoint ready at ${origin}`,
    '',
  ].join('\n')
}

const longestHeaderBytes = 1024

async function readOrMakeHeader(file: string): Promise<string> {
  try {
    const present = (await readPrivateFile(file, longestHeaderBytes))?.trim()
    if (present !== undefined && present.length < 32) throw new Error('it holds fewer than 32 characters')
    if (present !== undefined) return present
    const made = randomBytes(32).toString('base64url')
    await writePrivateFile(file, `${made}\n`)
    return made
  } catch (error) {
    throw new CommandFailure(
      `the header file ${file} cannot be used: ${plainReason(error)}`,
      exitCodes.usage,
      'remove it, or name another with --app-service-header-file',
      { cause: error },
    )
  }
}

async function showStatus(stateDir: string): Promise<void> {
  const state = await readState(stateDir)
  process.stdout.write(
    [
      `machine:   ${state.resourceId}`,
      `server:    ${state.server}`,
      `tenant:    ${state.tenantId}`,
      `client id: ${state.clientId}`,
      `object id: ${state.objectId}`,
      `key id:    ${state.keyId}`,
      '',
    ].join('\n'),
  )
  const outcome = await createTokenSource(() => Promise.resolve(state), Date.now)(armResource, undefined)
  if (outcome.ok) {
    process.stdout.write('accepted:  yes\n')
    return
  }
  const { status, description } = outcome.refusal
  process.stdout.write('accepted:  no\n')
  throw status === 503
    ? new CommandFailure(description, exitCodes.unreachable, 'see that the server runs and can be reached from here')
    : new CommandFailure(description, exitCodes.refused, 'enroll this machine anew, if it is still to be one')
}

async function forget(stateDir: string): Promise<void> {
  const removed = await removeState(stateDir)
  process.stdout.write(
    removed
      ? 'acrux: the key of this machine is gone\n'
      : 'acrux: this machine was not enrolled; there was nothing to do\n',
  )
}

async function orExplain(work: () => Promise<void>): Promise<void> {
  // What is kept is for this user's eyes alone.
  process.umask(0o077)
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    process.stderr.write(`acrux: ${error.message}\n       ${error.nextStep}\n`)
    process.exitCode = error.exitCode
  }
}

/** The first signal ends the endpoint in order; a second one ends it at once. */
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
