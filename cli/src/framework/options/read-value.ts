import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { type CommandFailure, failure } from '../command/failure.ts'
import { isRecord } from '../values/record.ts'

/**
 * Reads a secret that an option names: `-` means standard input, `@FILE` means a file, and any other text is the secret
 * itself.
 */
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

/** Reads an object of JSON: from a file, with or without `@` before its name, or the text itself. @throws CommandFailure */
export async function readJson(text: string): Promise<Readonly<Record<string, unknown>>> {
  const value = await readJsonValue(text)
  if (isRecord(value)) return value
  throw notParsed(text)
}

/** Reads an object or an array of JSON. @throws CommandFailure */
export async function readJsonValue(text: string): Promise<unknown> {
  const content = await readFile(text.replace(/^@/, ''), 'utf8').catch(() => {
    if (text.endsWith('.json')) throw failure(`JSON file does not exist: '${text}'`)
    return text
  })
  try {
    return JSON.parse(content) as unknown
  } catch (error) {
    throw notParsed(text, error)
  }
}

function notParsed(text: string, cause?: unknown): CommandFailure {
  return failure(`Failed to parse string as JSON:\n${text}`, 'pass a file, or an object of JSON in quotes', cause)
}
