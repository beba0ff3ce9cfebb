import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type ClientHome, type Ran, clientHome, run } from '../../harness/clients.ts'
import { mainFile } from '../../harness/program.ts'
import type { RunningServer } from '../../harness/server.ts'

/** How a command is run. */
export type AcruxOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly onStderr?: (text: string) => void
}

/** `acrux` as a client, in its own home: what one command stores, the next one finds. */
export interface AcruxClient extends Disposable {
  readonly home: ClientHome
  /** The directory of the profile. */
  readonly configDir: string
  /** Runs a command to its end, and does not check its exit code. */
  run(args: readonly string[], options?: AcruxOptions): Promise<Ran>
  /** The output of a command, which must succeed. */
  text(args: readonly string[], options?: AcruxOptions): Promise<string>
  /** The JSON that a command, which must succeed, prints. */
  json(args: readonly string[], options?: AcruxOptions): Promise<unknown>
  /** Requires that a command fails with this exit code and this message, and prints nothing. */
  fails(code: number, says: RegExp, args: readonly string[], options?: AcruxOptions): Promise<void>
}

/** Creates a home for `acrux`. Without `caFile`, it trusts only the authorities of the system. */
export function acruxClient(caFile?: string): AcruxClient {
  const home = clientHome(caFile)
  const configDir = join(home.path, 'acrux')
  const runAcrux: AcruxClient['run'] = (args, { env = {}, input, onStderr } = {}) =>
    run(process.execPath, [mainFile, ...args], {
      env: { ...home.env, ACRUX_CONFIG_DIR: configDir, ...env },
      ...(input !== undefined && { input }),
      ...(onStderr !== undefined && { onStderr }),
    })
  const text: AcruxClient['text'] = async (args, options) => {
    const ran = await runAcrux(args, options)
    assert.equal(ran.code, 0, `acrux ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
    return ran.stdout.trim()
  }
  return {
    home,
    configDir,
    run: runAcrux,
    text,
    json: async (args, options) => JSON.parse(await text(args, options)) as unknown,
    fails: async (code, says, args, options) => {
      const ran = await runAcrux(args, options)
      assert.equal(ran.code, code, `acrux ${args.join(' ')}\n${ran.stdout}${ran.stderr}`)
      assert.match(ran.stderr, says)
      assert.equal(ran.stdout, '')
    },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  }
}

/** Runs a command that `acrux` printed, in a shell, as a person does who copies it. */
export function runPrinted(command: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const script = `acrux() { '${process.execPath}' '${mainFile}' "$@"; }\n${command}`
  return run('bash', ['-euo', 'pipefail', '-c', script], { env })
}

/** The arguments that sign the first service principal in; its secret comes from standard input. */
export function principalLogin({ firstRun }: RunningServer): string[] {
  const { servicePrincipal, tenantId, resourceManager, caFile } = firstRun
  const who = ['--service-principal', '-u', servicePrincipal.appId, '-p', '-', '--tenant', tenantId]
  return ['login', '--server', resourceManager, '--ca-file', caFile, ...who]
}
