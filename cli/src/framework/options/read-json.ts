import { readFile } from 'node:fs/promises'
import { type CommandFailure, failure } from '../command/failure.ts'
import { isRecord } from '../values/sorted-keys.ts'

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
