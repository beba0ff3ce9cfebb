import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { atProcessEnd } from '../../harness/process-end.ts'
import { watchOver } from '../../harness/watchdog.ts'

/** A file or folder that is to appear in another's place. */
export interface Bind {
  from: string
  to: string
}

/** A view of the file system that only the programs started in it share. */
export interface MountNamespace extends AsyncDisposable {
  /** The command and arguments that run a program in the namespace. */
  enter(command: string, args: readonly string[]): readonly [string, readonly string[]]
}

/**
 * Opens a mount namespace in which each `from` lies over its `to`. Needs root. Its mounts are visible nowhere else,
 * and disappear with the namespace.
 */
export async function openMountNamespace(binds: readonly Bind[]): Promise<MountNamespace> {
  const script =
    'while [ $# -gt 1 ]; do mount --bind "$1" "$2" || exit 1; shift 2; done; echo open; exec sleep infinity'
  const args = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh']
  const holder = spawn('unshare', [...args, ...binds.flatMap(({ from, to }) => [from, to])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const forget = atProcessEnd(() => holder.kill('SIGKILL'))
  const callOff = holder.pid === undefined ? () => undefined : watchOver(holder.pid)
  const ended = once(holder, 'exit').finally(callOff)
  const first = await Promise.race([once(holder.stdout, 'data'), ended.then(() => 'ended' as const)])
  const { pid } = holder
  if (first === 'ended' || pid === undefined) {
    forget()
    throw new Error('the mount namespace could not be opened')
  }
  return {
    enter: (command, args) => ['nsenter', ['--target', String(pid), '--mount', '--', command, ...args]],
    async [Symbol.asyncDispose]() {
      holder.kill('SIGKILL')
      await ended
      forget()
    },
  }
}
