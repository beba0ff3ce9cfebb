import path from 'node:path'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { failure } from '../command/failure.ts'
import { locked } from './locked.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

const maxBytes = 16 * 1024 * 1024

/** A file of this user with one JSON document. Processes change the document one after another. */
export type JsonFile<Document> = {
  /** @throws CommandFailure if the file is malformed, or other users can read it */
  readonly read: () => Promise<Document>
  /** Replaces the document with the result of `change`. Throws the same errors as `read`. */
  readonly change: (change: (document: Document) => Document) => Promise<Document>
}

/**
 * Opens a file. `parse` returns undefined for a malformed document, and receives undefined if the file does not exist.
 */
export function openJsonFile<Document>(
  file: string,
  parse: (value: unknown) => Document | undefined,
  nextStep: string,
): JsonFile<Document> {
  const malformed = (reason: string, cause?: unknown) =>
    failure(`the file ${file} cannot be used: ${reason}`, nextStep, cause)
  const read = async (): Promise<Document> => {
    const text = await readPrivateFile(file, maxBytes).catch((error: unknown) => {
      throw malformed(plainReason(error), error)
    })
    let value: unknown
    try {
      value = text === undefined ? undefined : JSON.parse(text)
    } catch (error) {
      throw malformed('the file is not valid JSON', error)
    }
    const document = parse(value)
    if (document === undefined) throw malformed('the content is malformed, or a newer version of acrux wrote the file')
    return document
  }
  const change: JsonFile<Document>['change'] = (apply) =>
    locked(path.dirname(file), async () => {
      const document = apply(await read())
      await writePrivateFile(file, `${JSON.stringify(document, undefined, 2)}\n`)
      return document
    })
  return { read, change }
}
