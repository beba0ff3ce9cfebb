import { readSync } from 'node:fs'
import { CommandFailure } from '../../framework/command/failure.ts'

/** Longer than any server URL with a password. */
const maxBytes = 64 * 1024

/** Reads all of standard input. @throws CommandFailure if the input is too long */
export function readInput(): string {
  const buffer = Buffer.alloc(maxBytes + 1)
  let length = 0
  for (;;) {
    const count = readSync(0, buffer, length, buffer.length - length, null)
    if (count === 0) return buffer.toString('utf8', 0, length)
    length += count
    if (length > maxBytes) throw new CommandFailure('the input is too long', 1)
  }
}
