import { spawn } from 'node:child_process'

/** The folder goes once the process is gone, five seconds later at the latest: it might write until then. */
const script = `read -r _
kill -9 -- "$1" 2>/dev/null
for _ in $(seq 50); do kill -0 -- "$1" 2>/dev/null || break; sleep 0.1; done
if [ -n "$2" ]; then rm -rf -- "$2"; fi`

/**
 * Sees to it that a process does not outlive this one, whatever ends this one, SIGKILL included: a shell waits at the end of
 * a pipe that closes with this process, then kills the other and removes a folder of its. A negative id stands for a process
 * group, as in kill(2). Returns a function that calls the watch off, to be called as soon as the process has ended.
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
