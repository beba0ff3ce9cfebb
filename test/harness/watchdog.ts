import { spawn } from 'node:child_process'

/**
 * The folder is removed when the process has ended, at most five seconds later, because the process may write until
 * then.
 */
const script = `read -r _
kill -9 -- "$1" 2>/dev/null
for _ in $(seq 50); do kill -0 -- "$1" 2>/dev/null || break; sleep 0.1; done
if [ -n "$2" ]; then rm -rf -- "$2"; fi`

/**
 * Ensures that a process does not outlive this one, even if this one is killed by SIGKILL: a shell waits at the end
 * of a pipe that closes with this process, then kills the other process and removes its folder. A negative id stands
 * for a process
 * group, as in kill(2). Returns a function that stops the watchdog. Call it as soon as the process has ended.
 */
export function watchOver(pid: number, folder = ''): () => void {
  const watchdog = spawn('/bin/sh', ['-c', script, 'sh', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  watchdog.unref()
  watchdog.stdin.on('error', () => undefined)
  return () => watchdog.kill('SIGKILL')
}
