import { appendFileSync, cpSync, globSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tempDir } from '../../harness/temp-dir.ts'
import { openMountNamespace, type MountNamespace } from './mount-namespace.ts'

/** A mount namespace with a copy of `/etc` and of the system's own certificate authorities. */
export interface PrivateEtc extends MountNamespace {
  /** The copy of `/etc`. */
  readonly etc: string
  /** The content of every file in `/etc` and among the authorities, and the target of every link, by path. */
  files(): Readonly<Record<string, string>>
}

/** Opens a mount namespace with a copy of `/etc`, in which `hostname` is a name of 127.0.0.1. Needs root. */
export async function openPrivateEtc(hostname: string): Promise<PrivateEtc> {
  const scratch = tempDir('etc')
  const etc = join(scratch.path, 'etc')
  const authorities = join(scratch.path, 'ca-certificates')
  try {
    cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true })
    mkdirSync(authorities)
    // The hooks change files elsewhere, such as Java's list.
    rmSync(join(etc, 'ca-certificates/update.d'), { recursive: true, force: true })
    appendFileSync(join(etc, 'hosts'), `\n127.0.0.1 ${hostname}\n`)
    const view = await openMountNamespace([
      { from: etc, to: '/etc' },
      { from: authorities, to: '/usr/local/share/ca-certificates' },
    ])
    return {
      etc,
      files: () => Object.fromEntries([etc, authorities].flatMap((directory) => filesIn(directory))),
      enter: (command, args) => view.enter(command, args),
      [Symbol.asyncDispose]: async () => {
        await view[Symbol.asyncDispose]()
        scratch.remove()
      },
    }
  } catch (cause) {
    scratch.remove()
    throw cause
  }
}

function filesIn(directory: string): [path: string, content: string][] {
  return globSync('**', { cwd: directory }).flatMap((name) => {
    const path = join(directory, name)
    const stats = lstatSync(path)
    if (stats.isSymbolicLink()) return [[path, `link to ${readlinkSync(path)}`] as [string, string]]
    return stats.isFile() ? [[path, readFileSync(path, 'latin1')] as [string, string]] : []
  })
}
