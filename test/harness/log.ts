import { randomUUID } from 'node:crypto'
import { request } from './http.ts'
import type { RunningServer } from './server.ts'
import { until } from './until.ts'

/**
 * The log of the server, including all requests that were answered so far: a busy server writes its lines together, a
 * moment later. It requests a unique path and waits for the line of that request, so the server must log at `info` at
 * least.
 */
export async function outputUpToNow(server: RunningServer): Promise<string> {
  const path = `/nothing/${randomUUID()}`
  await request({ method: 'GET', url: `${server.baseUrl}${path}`, caFile: server.caFile })
  const whole = (): string => server.output().replace(/[^\n]*$/, '')
  await until(`a line of the log with the path ${path}`, () => whole().includes(path))
  return whole()
}
