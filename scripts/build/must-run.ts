import { spawnSync } from 'node:child_process'
import { SetUpFailed } from '../set-up.mjs'

/** Runs a program to its end and returns what it wrote to stdout. */
export function mustRun(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    maxBuffer: 2 ** 26,
    ...options,
    encoding: 'utf8',
  })
  if (error !== undefined) throw new SetUpFailed(`cannot run ${command}: ${error.message}`)
  if (status !== 0) throw new SetUpFailed(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}
