import { mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { type Ran, run } from '../../harness/clients.ts'
import { mainFile } from '../../harness/program.ts'
import { type AcruxClient, acruxClient } from '../acrux/acrux.ts'

/** `acrux` and real clients in one home, where the clients find `docker-credential-acrux`. */
export interface HelperHome extends AcruxClient {
  /** The environment of the clients. */
  readonly env: Readonly<Record<string, string>>
  /** Runs the helper, whatever its exit code. */
  helper(action: string, input?: string, env?: Readonly<Record<string, string>>): Promise<Ran>
}

/** Creates a home, with links to the program by its own name and that of the helper. */
export function helperHome(caFile?: string): HelperHome {
  const acrux = acruxClient(caFile)
  const bin = join(acrux.home.path, 'bin')
  mkdirSync(bin)
  const program = join(bin, 'docker-credential-acrux')
  for (const file of [program, join(bin, 'acrux')]) symlinkSync(mainFile, file)
  const PATH = [bin, dirname(process.execPath), acrux.home.env['PATH']].join(delimiter)
  const env = { ...acrux.home.env, ACRUX_CONFIG_DIR: acrux.configDir, PATH }
  return {
    ...acrux,
    run: (args, options) => acrux.run(args, { ...options, env: { PATH, ...options?.env } }),
    env,
    helper: (action, input = '', extra = {}) => run(program, [action], { env: { ...env, ...extra }, input }),
  }
}
