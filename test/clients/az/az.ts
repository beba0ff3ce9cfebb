import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { clientHome, requireClient, run, type ClientHome, type Ran } from '../../harness/clients.ts'
import type { ClientSecret } from '../../harness/arm.ts'
import type { RunningServer } from '../../harness/server.ts'
import { azForks } from './az-forks.ts'
import { secretFile } from '../../harness/secret-file.ts'

/** The environment of one command; a variable that is undefined is removed. */
export type AzEnvironment = Readonly<Record<string, string | undefined>>

/** The real `az` in a home of its own: what one command keeps (clouds, accounts, tokens) the next one finds. */
export interface Az extends Disposable {
  readonly home: ClientHome
  /** Runs a command to its end, and does not check its exit code. `onStderr` gets all of stderr whenever there is more. */
  run(args: readonly string[], env?: AzEnvironment, onStderr?: (text: string) => void): Promise<Ran>
  /** What the command printed, without surrounding blanks; throws unless the exit code is 0. */
  text(...args: readonly string[]): Promise<string>
  /**
   * What the command printed, as JSON; throws unless the exit code is 0. stderr is never part of it: az warns there.
   *
   */
  json(...args: readonly string[]): Promise<unknown>
  /** Asserts that the command ends with this exit code and this message on stderr, and prints nothing. */
  fails(code: number, says: RegExp, ...args: readonly string[]): Promise<void>
}

/** Declares a test with real programs. If one is missing, the test is reported as not run. */
export function step(title: string, programs: readonly string[], body: (t: TestContext) => Promise<void>): void {
  test(title, async (t) => {
    if (requireClient(t, ...programs)) await body(t)
  })
}

/**
 * `az`'s first command in a home loads every module, and takes minutes if the machine is busy and has never run it.
 *
 */
const commandTimeoutMs = 300_000

function environmentOf(env: AzEnvironment, own: AzEnvironment): Record<string, string> {
  const merged: AzEnvironment = { ...env, ...own }
  return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

/**
 * The index that `az` creates at its first command and stores in its home: which of its modules has which command. It
 * takes seconds, and
 * is the same in every home, so all homes use that of the first one, also in later runs; another version of `az`
 * creates its own.
 */
const commandIndex = fileURLToPath(
  new URL('../../../node_modules/.cache/acrux-test/commandIndex.json', import.meta.url),
)

function lendCommandIndex(home: ClientHome): void {
  if (existsSync(commandIndex)) copyFileSync(commandIndex, join(home.path, 'azure', 'commandIndex.json'))
}

function keepCommandIndex(home: ClientHome): void {
  const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '')
  const made = textOf(join(home.path, 'azure', 'commandIndex.json'))
  if (!made.includes('"azure.cli.command_modules.acr"') || made === textOf(commandIndex)) return
  mkdirSync(dirname(commandIndex), { recursive: true })
  const part = `${commandIndex}.${process.pid}`
  writeFileSync(part, made)
  renameSync(part, commandIndex)
}

/**
 * A home for `az` that trusts only the server's authority. Instance discovery is left to `az config`, as people set it.
 * `settled` is an environment for every command.
 */
export function azHome(caFile: string, settled: AzEnvironment = {}): Az {
  const home = clientHome(caFile)
  lendCommandIndex(home)
  const common: AzEnvironment = { AZURE_CORE_INSTANCE_DISCOVERY: undefined, ...settled }
  const forks = azForks(join(home.path, 'run'), environmentOf(home.env, common))
  const path = forks === undefined ? home.env.PATH : `${forks.bin}:${home.env.PATH}`
  const env = { ...home.env, PATH: path ?? '' }
  const runAz: Az['run'] = (args, own = {}, onStderr = () => undefined) =>
    run('az', args, { env: environmentOf(env, { ...common, ...own }), timeoutMs: commandTimeoutMs, onStderr })
  const text = async (...args: readonly string[]): Promise<string> => {
    const ran = await runAz(args)
    if (ran.code !== 0)
      throw new Error(`az ${args.join(' ')}: exit ${ran.code ?? 'by signal'}\n${ran.stdout}${ran.stderr}`)
    keepCommandIndex(home)
    return ran.stdout.trim()
  }
  return {
    home: { ...home, env },
    run: runAz,
    text,
    async json(...args) {
      const printed = await text(...args)
      try {
        return JSON.parse(printed) as unknown
      } catch (cause) {
        throw new Error(`az ${args.join(' ')} printed no JSON: ${printed.slice(0, 400)}`, { cause })
      }
    },
    async fails(code, says, ...args) {
      const ran = await runAz(args)
      assert.equal(ran.code, code, `az ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
      assert.match(ran.stderr, says)
      assert.equal(ran.stdout.trim(), '')
    },
    [Symbol.dispose]: () => {
      forks?.[Symbol.dispose]()
      home[Symbol.dispose]()
    },
  }
}

/** The suffix below which further registries have their login servers. */
export function loginServerSuffix(server: RunningServer): string {
  return `.azurecr.localhost:${server.port}`
}

/**
 * Registers the server as the cloud `acrux`, found by its metadata, and makes it the cloud of every later command of a home
 * whose settings are az's own. `az cloud set` and `az config set` would write the same file, in a second: az-sign-in.test.ts runs them.
 */
export async function useCloud(az: Az, server: RunningServer): Promise<void> {
  await az.text('cloud', 'register', '-n', 'acrux', '--endpoint-resource-manager', server.firstRun.resourceManager)
  const file = join(az.home.path, 'azure', 'config')
  assert.match(readFileSync(file, 'utf8'), /^\[cloud\]\nname = AzureCloud\n*$/)
  writeFileSync(file, '[cloud]\nname = acrux\n\n[core]\ninstance_discovery = false\n')
}

/** The arguments that sign a service principal in, the server's first one by default. */
export function signInArguments(
  server: RunningServer,
  principal: ClientSecret = server.firstRun.servicePrincipal,
  tenant: string = server.firstRun.tenantId,
): string[] {
  return [
    'login',
    '--service-principal',
    '-u',
    principal.appId,
    '--password',
    secretFile(principal.password),
    '--tenant',
    tenant,
  ]
}

/** Signs in to the server's cloud, and returns the subscriptions that az then knows. */
export async function signIn(az: Az, server: RunningServer, principal?: ClientSecret): Promise<unknown> {
  await useCloud(az, server)
  return az.json(...signInArguments(server, principal))
}

/** The claims of a JWT, unverified. */
export function claimsOf(token: string): unknown {
  const [, payload, signature] = token.split('.')
  assert.ok(payload !== undefined && signature !== undefined, 'a JWT has three parts')
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as unknown
}
