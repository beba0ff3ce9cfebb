import { hash } from 'node:crypto'
import { mkdir, readFile, rmdir, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeFileDurably } from '@acrux/server/durable-file'
import { plainReason, systemErrorCode } from '@acrux/shared/texts/plain-reason.ts'
import type { CommandFailure } from '../../framework/command/failure.ts'
import { incomplete } from './failure.ts'

/** A file to write. The first line is a comment that identifies the file and contains the hash of the other lines. */
export type OwnFile = { readonly path: string; readonly content: string }

/**
 * The existing content at a path, compared with the file to write: no file; the same content; other content that `acrux
 * trust` wrote; a file that `acrux trust` did not write, with the same certificate; or any other file, which is never
 * changed.
 */
export type FileState = 'absent' | 'current' | 'outdated' | 'equivalent' | 'foreign'

/** Creates the content of a file from its text, which must be PEM or a format with `#` comments. */
export function ownContent(text: string): string {
  return `${firstLine(text)}\n${text}`
}

function firstLine(text: string): string {
  return `# Written by acrux trust. acrux trust --undo removes the unchanged file. SHA-256 of the rest: ${hash('sha256', text)}`
}

/** Compares a path with the file to write. @throws CommandFailure if the path cannot be read */
export async function stateOf({ path, content }: OwnFile): Promise<FileState> {
  const text = await read(path)
  if (text === undefined) return 'absent'
  if (text === content) return 'current'
  if (isOwn(text)) return 'outdated'
  const certificate = certificateIn(content)
  return certificate !== undefined && certificate === certificateIn(text) ? 'equivalent' : 'foreign'
}

/** Writes the file, and creates its directory. All users can read it. @throws CommandFailure */
export async function writeOwnFile({ path, content }: OwnFile): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await writeFileDurably(path, content, 0o644)
  } catch (error) {
    throw cannot('written', path, error)
  }
}

/** Who wrote the file at a path. `acrux trust --undo` removes only files that `acrux trust` wrote (`own`). */
export async function ownershipOf(path: string): Promise<'absent' | 'own' | 'foreign'> {
  const text = await read(path)
  return text === undefined ? 'absent' : isOwn(text) ? 'own' : 'foreign'
}

/** Removes a file, and its directory if the directory is empty and `removesDirectory` is set. @throws CommandFailure */
export async function removeOwnFile(path: string, removesDirectory: boolean): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    throw cannot('removed', path, error)
  }
  // The directory contains other files, or is a mount point.
  if (removesDirectory) await rmdir(dirname(path)).catch(() => undefined)
}

function isOwn(text: string): boolean {
  const end = text.indexOf('\n')
  return end !== -1 && text.slice(0, end) === firstLine(text.slice(end + 1))
}

/** The only certificate in a text, in base64 without line breaks. */
function certificateIn(text: string): string | undefined {
  const [first, ...others] = text.matchAll(/-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g)
  return others.length === 0 ? first?.[1]?.replaceAll(/\s/g, '') : undefined
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw cannot('read', path, error)
  }
}

function cannot(verb: string, path: string, error: unknown): CommandFailure {
  const isDenied = /^E(?:ACCES|PERM)$/.test(systemErrorCode(error) ?? '')
  const nextStep = isDenied ? 'run the same command with sudo' : 'check the path'
  return incomplete(`${path} cannot be ${verb}: ${plainReason(error)}`, nextStep, error)
}
