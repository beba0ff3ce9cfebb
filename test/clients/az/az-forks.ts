import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findProgram } from '../../harness/clients.ts'
import { at } from '../../harness/json.ts'
import { atProcessEnd } from '../../harness/process-end.ts'

const forking = fileURLToPath(new URL('az-forks.py', import.meta.url))
const command = fileURLToPath(new URL('az-command.py', import.meta.url))

/** The variables that az reads when it is imported. It reads all others when it runs a command. */
const readAtImport = [
  'ARM_CLOUD_METADATA_URL',
  'AZURE_CONFIG_DIR',
  'AZURE_EXTENSION_DEV_SOURCES',
  'AZURE_EXTENSION_DIR',
  'AZURE_EXTENSION_SYS_DIR',
  'HOME',
  'PYTHONPATH',
  'PYTHONWARNINGS',
  'SSLKEYLOGFILE',
  'TMPDIR',
]

/** Runs commands of the real az, each in a fork of a process that has imported az. Disposing of it ends all of them. */
export interface AzForks extends Disposable {
  /** The folder of a program `az`, for the PATH of programs that run az. */
  readonly bin: string
}

/** Debian's az and the Python that it runs in. Undefined if az is missing, or is installed in another way. */
export function debianAz(): { az: string; python: string } | undefined {
  const az = process.platform === 'linux' ? findProgram('az') : undefined
  const text = az === undefined ? '' : readFileSync(az, 'utf8')
  if (az === undefined || !text.includes("runpy.run_module('azure.cli')")) return undefined
  const python = /^#! ?(\/\S+)\n/.exec(text)?.[1]
  return python === undefined ? undefined : { az, python }
}

/**
 * Starts the process that forks, in an environment and with its files in a folder. Undefined if az is not Debian's: then every
 * command has to import az.
 */
export function azForks(folder: string, env: Readonly<Record<string, string>>): AzForks | undefined {
  const debian = debianAz()
  if (debian === undefined) return undefined
  const [bin, socket] = [join(folder, 'bin'), join(folder, 'az-forks')]
  const imported = Object.fromEntries(readAtImport.map((name) => [name, env[name] ?? '']))
  const constants = Object.entries({ SOCKET: socket, AZ: debian.az, IMPORTED: imported })
  mkdirSync(bin)
  const head = [`#!${debian.python} -IS`, ...constants.map(([name, value]) => `${name} = ${JSON.stringify(value)}`), '']
  writeFileSync(join(bin, 'az'), head.join('\n') + readFileSync(command, 'utf8'), { mode: 0o700 })

  const child = spawn(debian.python, [forking, socket], { env, detached: true, stdio: ['pipe', 'ignore', 'inherit'] })
  // A test that does not dispose of it ends all the same: then its stdin ends.
  child.unref()
  const end = (): void => {
    forget()
    if (child.pid === undefined || child.exitCode !== null) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch (cause) {
      if (at(cause, 'code') !== 'ESRCH') throw cause
    }
  }
  const forget = atProcessEnd(end)
  return { bin, [Symbol.dispose]: end }
}
