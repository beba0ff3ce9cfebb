import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { request } from './http.ts'
import type { RunningServer } from './server.ts'

/**
 * What the server has written up to now, of all that was answered: a busy server's lines are written together, a moment
 * later. It asks for a path of its own and waits for the line of that, so the server must log at `info` at least.
 */
export async function outputUpToNow(server: RunningServer): Promise<string> {
  const path = `/nothing/${randomUUID()}`
  await request({ method: 'GET', url: `${server.baseUrl}${path}`, caFile: server.caFile })
  for (let waited = 0; waited < 5000; waited += 10) {
    const output = server.output()
    if (output.includes(path)) return output
    await sleep(10)
  }
  throw new Error(`no line of the log has the path ${path}`)
}
