import { cpuSeconds } from './cores.ts'
import type { Outcome } from './jobs.ts'

/** Measures the time of some work, and the processor time that the server and this process use for it. */
export async function measure(serverPid: number, work: () => Promise<number>): Promise<Outcome> {
  const begun = performance.now()
  const serverBefore = cpuSeconds(serverPid)
  const loadBefore = cpuSeconds(process.pid)
  const amount = await work()
  return {
    amount,
    seconds: (performance.now() - begun) / 1000,
    serverCpuSeconds: cpuSeconds(serverPid) - serverBefore,
    loadCpuSeconds: cpuSeconds(process.pid) - loadBefore,
  }
}
