import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import { failure } from '../../framework/command/failure.ts'
import { writePrivateFile } from '../../framework/files/private-file.ts'

/** The destination of a new password. Without a destination, the result contains the password. */
export type DeliveryFlags = { readonly outFile?: string; readonly exec?: string }

/** Describes {@link DeliveryFlags}. */
export const deliveryFlags: readonly FlagDescription[] = [
  {
    flags: '--out-file <file>',
    description: 'write the new password to this file, which only your user can read, and do not print the password',
  },
  {
    flags: '--exec <command>',
    description:
      'run this command in a shell, with the new password on standard input, and do not print the password. The variables ACRUX_USERNAME and ACRUX_PASSWORD_NAME contain the user name and the name of the password. If the command fails, acrux deletes the new password',
  },
]

/** A password to deliver. */
type Delivered = { readonly username: string; readonly name: string; readonly value: string }

/** Writes a password to the file, or passes it to the command. @throws CommandFailure if the delivery fails */
export async function deliver({ outFile, exec }: DeliveryFlags, password: Delivered): Promise<void> {
  if (outFile !== undefined) {
    await writePrivateFile(outFile, password.value).catch((error: unknown) => {
      throw failure(`the file ${outFile} cannot be written: ${plainReason(error)}`, undefined, error)
    })
  }
  if (exec !== undefined) await runWith(exec, password)
}

/**
 * Runs a command. The output of the command goes to standard error, because standard output contains only the result.
 */
async function runWith(command: string, { username, name, value }: Delivered): Promise<void> {
  const child = spawn(command, {
    shell: true,
    stdio: ['pipe', process.stderr, process.stderr],
    env: { ...process.env, ACRUX_USERNAME: username, ACRUX_PASSWORD_NAME: name },
  })
  // A command may end without reading its input, so only the exit code matters.
  child.stdin.on('error', () => undefined)
  child.stdin.end(value)
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code !== 0) throw failure(`the command of --exec ended with ${signal ?? `the exit code ${code}`}`)
}
