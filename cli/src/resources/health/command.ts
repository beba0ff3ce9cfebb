import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatListenAddress } from '@acrux/server/configuration'
import { sendControlCommand } from '@acrux/server/control-channel'
import { type ServerAddress, addressCommand } from '@acrux/shared/wire/server-address.ts'
import { defineCommand } from '../../framework/command/command.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'
import { terminalLine } from '../../framework/terminal/terminal-text.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir/data-dir.ts'
import { type Readiness, type Target, askReady } from './ask-ready.ts'
import { findEmulator } from './container-target.ts'

const defaultWaitSeconds = 60
const maxWaitSeconds = 3600
const pollIntervalMs = 200

type Flags = DataDirFlags & {
  readonly server?: URL
  readonly ca?: string
  readonly container?: true
  readonly wait?: number | true
}

/** `acrux health`. */
export const command = defineCommand<Flags>({
  about: `
Without --server, the command checks the server of this machine. The server that uses the data directory tells the
command the address. If no server answers there, the command reads the address from the same settings as acrux serve.
Run the command as the user that runs the server.`,
  examples: [
    'acrux health',
    'acrux health --wait',
    'acrux health --config /etc/acrux/acrux.yaml --wait 120',
    'acrux health --server https://registry.example.com --ca ca.pem',
  ],
  exitCodes: {
    0: 'the server is ready; the command lists degraded components',
    1: 'the server is not ready or cannot be reached',
    2: 'wrong option or setting',
  },
  flags: [
    ...dataDirFlags(),
    {
      flags: '--server <url>',
      description: 'check this server instead of the server on this machine',
      parse: requireUrl,
    },
    {
      flags: '--ca <file>',
      description: 'the certificate authority that signed the certificate of --server, as PEM',
    },
    {
      flags: '--container',
      description: 'check the emulator or the server that runs in this container',
    },
    {
      flags: '--wait [seconds]',
      description: `wait up to this number of seconds until the server is ready; ${defaultWaitSeconds} seconds by default`,
      parse: requireSeconds,
    },
  ],
  run: check,
})

function requireUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WrongUsageError('The value must be an HTTP or HTTPS URL.')
  return url
}

function requireSeconds(text: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (seconds < 1 || seconds > maxWaitSeconds)
    throw new WrongUsageError(`The value must be a whole number from 1 to ${maxWaitSeconds}.`)
  return seconds
}

async function check(flags: Flags, context: CommandContext): Promise<void> {
  const waitSeconds = flags.wait === true ? defaultWaitSeconds : (flags.wait ?? 0)
  const { target, readiness } = await untilReady(flags, waitSeconds)
  report(target, readiness, context)
}

async function targetOf({ server, ca, container, ...place }: Flags): Promise<Target> {
  if (server !== undefined) return { url: server, ...(ca !== undefined && { trust: { file: ca, kind: 'authority' } }) }
  if (ca !== undefined) {
    throw new WrongUsageError('--ca needs --server', 'set the URL of the server with --server')
  }
  const emulator = container === true ? findEmulator(tmpdir()) : undefined
  if (emulator !== undefined) return emulator
  const configuration = await configurationOf(place)
  const { dataDir } = configuration
  return localTarget({ ...((await runningAddress(dataDir)) ?? configuration), dataDir })
}

/** The addresses of the server that uses a data directory, which may be those of a flag; undefined if no server answers. */
async function runningAddress(dataDir: string): Promise<ServerAddress | undefined> {
  const answer = await sendControlCommand(dataDir, { command: addressCommand }).catch(() => undefined)
  return answer?.ok === true ? (answer.result as ServerAddress) : undefined
}

/** Addresses that mean every address of the machine, each with an address that reaches the machine locally. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

function localTarget({ listen, http, tlsCert, dataDir }: ServerAddress & { readonly dataDir: string }): Target {
  const [first] = listen
  if (first === undefined) throw new Error('the configuration contains no address to listen on')
  const authority = formatListenAddress({ host: reachable[first.host] ?? first.host, port: first.port })
  if (http) return { url: new URL(`http://${authority}`) }
  const file = tlsCert ?? join(dataDir, 'tls', 'ca.pem')
  return { url: new URL(`https://${authority}`), trust: { file, kind: 'server' } }
}

async function untilReady(flags: Flags, waitSeconds: number): Promise<{ target: Target; readiness: Readiness }> {
  const deadlineMs = performance.now() + waitSeconds * 1000
  for (;;) {
    // An emulator writes its address when it is ready.
    const target = await targetOf(flags)
    const readiness = await askReady(target)
    const isReady = readiness.kind === 'answer' && readiness.isReady
    if (isReady || performance.now() + pollIntervalMs > deadlineMs) return { target, readiness }
    await sleep(pollIntervalMs)
  }
}

function report({ url }: Target, readiness: Readiness, { print }: CommandContext): void {
  if (readiness.kind === 'none') {
    throw failure(
      `the server at ${url.origin} cannot be reached: ${terminalLine(readiness.reason)}`,
      'check that the server is running, or set the address of the server with --server',
    )
  }
  const problems = readiness.problems.map((problem) => `       ${terminalLine(problem)}\n`).join('')
  const state = `the server at ${url.origin} is ${readiness.isReady ? 'ready' : 'not ready'}`
  if (!readiness.isReady) throw failure(state, problems.trim())
  print(`acrux: ${state}\n${problems}`)
}
