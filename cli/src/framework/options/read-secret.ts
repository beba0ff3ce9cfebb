import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../command/failure.ts'

/** Reads a secret that an option names: `-` is standard input, `@FILE` a file, and anything else the secret itself. */
export async function readSecret(value: string): Promise<string> {
  if (value === '-') return withoutLineFeed(await text(process.stdin))
  if (!value.startsWith('@')) return value
  const file = value.slice(1)
  try {
    return withoutLineFeed(await readFile(file, 'utf8'))
  } catch (error) {
    throw failure(`the file ${file} cannot be read: ${plainReason(error)}`, undefined, error)
  }
}

function withoutLineFeed(secret: string): string {
  return secret.replace(/\r?\n$/, '')
}
