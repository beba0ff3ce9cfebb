import { randomUUID } from 'node:crypto'
import { request } from './http.ts'
import type { RunningServer } from './server.ts'
import { until } from './until.ts'

/**
 * What the server has written up to now, of all that was answered: a busy server's lines are written together, a moment
 * later. It asks for a path of its own and waits for the line of that, so the server must log at `info` at least.
 */
export async function outputUpToNow(server: RunningServer): Promise<string> {
  const path = `/nothing/${randomUUID()}`
  await request({ method: 'GET', url: `${server.baseUrl}${path}`, caFile: server.caFile })
  const whole = (): string => server.output().replace(/[^\n]*$/, '')
  await until(`a line of the log with the path ${path}`, () => whole().includes(path))
  return whole()
}
