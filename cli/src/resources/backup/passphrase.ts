import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { askHidden } from '../../framework/terminal/prompt.ts'

const minLength = 12

/**
 * Reads the passphrase of the keys in a backup from a file, from stdin if the file is `-`, or from the terminal without
 * echo. The user types a new passphrase twice. The passphrase is never an argument, because other users can see
 * arguments.
 *
 * @throws StartupError if no passphrase can be read
 */
export async function readPassphrase(file: string | undefined, isNew: boolean): Promise<string> {
  const passphrase = (file === undefined ? await ask(isNew) : await read(file)).replace(/\r?\n$/, '')
  if (passphrase.length === 0) throw wrong('the passphrase is empty', 'use another passphrase')
  if (!isNew || passphrase.length >= minLength) return passphrase
  throw wrong(
    `the passphrase has fewer than ${minLength} characters`,
    'use a longer passphrase: anyone who has the backup and the passphrase can act as any user',
  )
}

async function read(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw wrong(`the passphrase file ${file} cannot be read`, 'check the name and the permissions of the file', error)
  })
}

async function ask(isNew: boolean): Promise<string> {
  if (!process.stdin.isTTY) {
    throw wrong(
      'without a terminal, the command cannot ask for the passphrase',
      'add --passphrase-file FILE, or - for stdin',
    )
  }
  const first = await askHidden('Passphrase of the keys: ')
  if (isNew && first !== (await askHidden('Repeat the passphrase: '))) {
    throw wrong('the two passphrases differ', 'run the command again')
  }
  return first
}

function wrong(message: string, nextStep: string, cause?: unknown): StartupError {
  return new StartupError(message, exitCodes.configuration, nextStep, { cause })
}
