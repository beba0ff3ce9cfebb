import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import type { Stats } from 'node:fs'
import { constants, open } from 'node:fs/promises'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'

const maxFileBytes = 64 * 1024

/**
 * Reads a small file whose path is the value of a setting. Other users must not be able to read a file with a secret.
 *
 * @throws StartupError
 */
export async function readSettingFile(file: string, isSecret: boolean): Promise<string> {
  try {
    // Without O_NONBLOCK, a named pipe in place of the file would hang the startup.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const stats = await handle.stat()
      if (!stats.isFile()) throw unusableSettingFile(`${file} is not a file`, 'use a regular file')
      if (stats.size > maxFileBytes)
        throw unusableSettingFile(`${file} is larger than 64 KiB`, 'check the content of the file')
      if (isSecret && isOpenToOthers(stats)) {
        throw unusableSettingFile(
          `${file} can be accessed by other users`,
          `if no other user has read the file, run chmod 600 ${file}`,
        )
      }
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof StartupError) throw error
    throw unusableSettingFile(
      `${file} cannot be read: ${plainReason(error)}`,
      'make the file readable for the user that runs the server',
      error,
    )
  }
}

/** Reads the only line of a file with a secret, such as `client secret`. @throws StartupError */
export async function readSecretFile(file: string, secretName: string): Promise<string> {
  const secret = (await readSettingFile(file, true)).replace(/\r?\n$/, '')
  if (/^[\x20-\x7e]{1,4096}$/.test(secret)) return secret
  throw unusableSettingFile(`${file} contains no ${secretName}`, 'write the secret into the file, on one line')
}

export function unusableSettingFile(message: string, nextStep: string, cause?: unknown): StartupError {
  return new StartupError(message, exitCodes.configuration, nextStep, { cause })
}

/**
 * Whether users other than the user of this process can access a file with a secret. The group may read a file that
 * belongs to root, because systemd, Kubernetes and packages pass a secret to a service in such a file.
 */
export function isOpenToOthers({ mode, uid }: Pick<Stats, 'mode' | 'uid'>): boolean {
  if (process.platform === 'win32') return false
  const isOfRoot = uid === 0 && process.getuid?.() !== 0
  return (mode & (isOfRoot ? 0o037 : 0o077)) !== 0
}
