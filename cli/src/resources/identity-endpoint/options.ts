import type { FlagDescription } from '../../framework/command/command.ts'
import { defaultStateDir } from './machine-state.ts'

/** How a machine gets its enrollment code. */
export const aboutCodes = `
A machine is a resource that the server manages. An administrator creates the resource once, and requests an enrollment
code. The code can be used only once, within 15 minutes:
  az rest --method put  --url .../providers/Microsoft.HybridCompute/machines/build-1?api-version=2024-07-10 --body '{"location":"local"}'
  az rest --method post --url .../providers/Microsoft.HybridCompute/machines/build-1/enrollmentCode?api-version=2024-07-10`

/** The exit codes that all commands share. */
export const usageCodes = { 0: 'success', 1: 'unexpected error', 2: 'wrong option or value' }

/** The exit codes of `serve`. */
export const serveCodes = {
  ...usageCodes,
  10: 'the port is in use',
  11: 'the address does not exist on this machine, or the user may not listen on the address',
  20: 'this machine is not enrolled, or the key of this machine cannot be used',
}

/** The exit codes of commands that ask the server. */
export const serverCodes = {
  21: 'the server does not accept the code or the key',
  22: 'the server cannot be reached or is not trusted',
}

/** The option for the directory of the machine's key. */
export type StateDirFlags = { readonly stateDir: string }

/** Describes {@link StateDirFlags}. */
export function stateDirFlag(): FlagDescription {
  return {
    flags: '--state-dir <directory>',
    description: 'the directory that contains the key of this machine',
    default: defaultStateDir(),
  }
}
