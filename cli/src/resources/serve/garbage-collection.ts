import { availableParallelism } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/**
 * On one or two cores, V8's garbage collection threads compete with the thread that handles requests. Without
 * concurrent marking, 99 % of tokens are issued within 28 to 39 ms instead of 68 to 117 ms while a client sends large
 * manifests in a loop. Without parallel scavenging, a manifest GET takes 9 % less processor time, and a token exchange
 * 11 %.
 *
 * Earlier garbage collections do not help: with `--heap-growing-percent=50`, 99 % of tokens are issued within 29 to 38
 * ms instead of 7 to 13 while a client lists the properties of manifests.
 */
export function collectGarbageOnMainThread(): void {
  if (availableParallelism() > 2) return
  setFlagsFromString('--no-concurrent-marking')
  setFlagsFromString('--no-parallel-scavenge')
}
