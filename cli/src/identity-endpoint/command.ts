import { plainReason } from '@acrux/server/plain-reason'
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { requireLoopbackAddress, startEndpoint, type RunningEndpoint } from './endpoint.ts'
import { enroll } from './enroll.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { type MachineState, defaultHeaderFile, defaultStateDir, readState, removeState } from './machine-state.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { createTokenSource } from './token-source.ts'
import { withHelp } from '../help-text.ts'
import { shellWord } from '../shell-word.ts'

const aboutCodes = `
A machine is a resource of the server. An administrator creates it once, and requests an enrollment code, which works
once and for 15 minutes:
  az rest --method put  --url .../providers/Microsoft.HybridCompute/machines/build-1?api-version=2024-07-10 --body '{"location":"local"}'
  az rest --method post --url .../providers/Microsoft.HybridCompute/machines/build-1/enrollmentCode?api-version=2024-07-10`

const enrollExample =
  'acrux identity-endpoint enroll --server https://registry.example.com --code 7K3M-9QRT-2VWX-8HJN-5PBD'
const serveExamples = [
  'acrux identity-endpoint serve',
  'AZURE_POD_IDENTITY_AUTHORITY_HOST=http://127.0.0.1:40342 az login --identity',
]

const usageCodes = { 0: 'success', 1: 'unexpected error', 2: 'wrong option or value' }
const serveCodes = {
  ...usageCodes,
  10: 'the port is in use',
  11: 'the address does not exist on this machine, or the user may not listen on it',
  20: 'this machine is not enrolled, or its key cannot be used',
}
const serverCodes = {
  21: 'the server does not accept the code or the key',
  22: 'the server cannot be reached or is not trusted',
}

const armResource = 'https://management.core.windows.net/'
const stateDirOption = ['--state-dir <directory>', 'the directory of the key of this machine'] as const

type EnrollFlags = { readonly server: string; readonly code: string; readonly ca?: string; readonly stateDir: string }
type ServeFlags = {
  readonly listen: string
  readonly stateDir: string
  readonly appServiceHeaderFile?: string
  readonly imds: boolean
}

/** Adds `acrux identity-endpoint`: managed identities for machines outside Azure. */
export function addIdentityEndpoint(program: Command): void {
  const command = program
    .command('identity-endpoint')
    .description(
      'provide a managed identity to programs on this machine, for az login --identity and ManagedIdentityCredential',
    )
  withHelp(command, {
    about: aboutCodes,
    examples: [enrollExample, ...serveExamples],
    exitCodes: { ...serveCodes, ...serverCodes },
  })
  addEnroll(command)
  addServe(command)
  addStatus(command)
  addForget(command)
}

function addEnroll(parent: Command): void {
  const command = parent
    .command('enroll')
    .description('create a key on this machine and register it with the server; an earlier key becomes invalid')
    .requiredOption('--server <url>', 'the base URL of the server, such as https://registry.example.com')
    .requiredOption('--code <code>', 'the enrollment code of this machine; - reads it from stdin')
    .option('--ca <file>', 'the certificate authority (PEM) that signed the certificate of the server')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: EnrollFlags) => orExplain(() => enrollMachine(flags)))
  withHelp(command, {
    about: aboutCodes,
    examples: [
      enrollExample,
      'acrux identity-endpoint enroll --server https://registry.example.com --code - --ca ca.pem',
    ],
    exitCodes: { ...usageCodes, 20: 'the key cannot be written', ...serverCodes },
  })
}

function addServe(parent: Command): void {
  const command = parent
    .command('serve')
    .description(
      'serve tokens to programs on this machine, through the endpoints of Azure virtual machines, App Service and Azure ML',
    )
    .option('--listen <host:port>', 'an address of the loopback interface', '127.0.0.1:40342')
    .option(...stateDirOption, defaultStateDir())
    .option(
      '--app-service-header-file <file>',
      'the file with the value that programs must send as X-IDENTITY-HEADER; it is created if it does not exist. Default: identity-header in the state directory',
    )
    .option('--no-imds', 'serve only programs that send the header, not every program on this machine')
    .action((flags: ServeFlags) => orExplain(() => serve(flags)))
  withHelp(command, { examples: serveExamples, exitCodes: serveCodes })
}

function addStatus(parent: Command): void {
  const command = parent
    .command('status')
    .description('show the identity of this machine, and whether the server accepts its key')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: { readonly stateDir: string }) => orExplain(() => showStatus(flags.stateDir)))
  withHelp(command, {
    examples: ['acrux identity-endpoint status'],
    exitCodes: { ...usageCodes, 20: serveCodes[20], ...serverCodes },
  })
}

function addForget(parent: Command): void {
  const command = parent
    .command('forget')
    .description('delete the key from this machine; the server keeps the machine until it is deleted there')
    .option(...stateDirOption, defaultStateDir())
    .action((flags: { readonly stateDir: string }) => orExplain(() => forget(flags.stateDir)))
  withHelp(command, { examples: ['acrux identity-endpoint forget'], exitCodes: usageCodes })
}

async function enrollMachine(flags: EnrollFlags): Promise<void> {
  const state = await enroll(flags)
  process.stdout.write(`acrux: this machine is ${state.resourceId}\n`)
  process.stdout.write(`acrux: client id ${state.clientId}, object id ${state.objectId}\n`)
  process.stdout.write('       run acrux identity-endpoint serve\n')
}

async function serve(flags: ServeFlags): Promise<void> {
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
    log: (line) => void process.stderr.write(`acrux: ${line}\n`),
  })
  stopOnSignals(endpoint)
  process.stdout.write(startText(state, endpoint.origin, headerFile, imds))
}

function startText(state: MachineState, origin: string, headerFile: string, imds: boolean): string {
  const secret = `"$(cat ${shellWord(headerFile)})"`
  return [
    `acrux: this machine is ${state.resourceId} (client id ${state.clientId}) at ${state.server}`,
    'acrux: set these variables for programs on this machine; they need no other credential:',
    ...(imds ? ['  # as on an Azure virtual machine', `  export AZURE_POD_IDENTITY_AUTHORITY_HOST=${origin}`] : []),
    `  # as in App Service, for users that can read ${headerFile}`,
    `  export IDENTITY_ENDPOINT=${origin}/msi/token IDENTITY_HEADER=${secret}`,
    '  # as in Azure Machine Learning',
    `  export MSI_ENDPOINT=${origin}/msi/token MSI_SECRET=${secret} DEFAULT_IDENTITY_CLIENT_ID=${state.clientId}`,
    `acrux: identity endpoint ready at ${origin}`,
    '',
  ].join('\n')
}

const maxHeaderBytes = 1024

async function readOrCreateHeader(file: string): Promise<string> {
  try {
    const present = (await readPrivateFile(file, maxHeaderBytes))?.trim()
    if (present !== undefined && present.length < 32) throw new Error('it has fewer than 32 characters')
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
    ? new CommandFailure(
        description,
        exitCodes.unreachable,
        'check that the server is running and can be reached from this machine',
      )
    : new CommandFailure(description, exitCodes.refused, 'enroll this machine again')
}

async function forget(stateDir: string): Promise<void> {
  const removed = await removeState(stateDir)
  process.stdout.write(
    removed
      ? 'acrux: the key of this machine was deleted\n'
      : 'acrux: this machine is not enrolled: there is no key to delete\n',
  )
}

async function orExplain(work: () => Promise<void>): Promise<void> {
  // Only this user may read the files that the command writes.
  process.umask(0o077)
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error
    process.stderr.write(`acrux: ${error.message}\n       ${error.nextStep}\n`)
    process.exitCode = error.exitCode
  }
}

/** The first signal stops the endpoint gracefully; a second one stops it at once. */
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
