import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const line = /"method":"([A-Z]+)","path":("(?:[^"\\]|\\.)*"),(?:"host":"(?:[^"\\]|\\.)*",)?"status":([23]\d\d),/g

/**
 * Records which requests a server answered with success, for the report of `npm test` on routes that no test saw succeed:
 * one `METHOD PATH` a line, in a file of its own below `ACRUX_TEST_ANSWERED`. Without that variable nothing is recorded.
 */
export function recordAnswered(log: string): void {
  const dir = process.env['ACRUX_TEST_ANSWERED'] ?? ''
  if (dir === '') return
  const answered = new Set(log.matchAll(line).map(([, method, path]) => `${method} ${JSON.parse(path ?? '""')}`))
  if (answered.size > 0) writeFileSync(join(dir, randomUUID()), [...answered].join('\n'))
}
