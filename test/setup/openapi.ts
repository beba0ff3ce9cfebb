import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../scripts/reference/print-openapi.ts', import.meta.url))

/** The OpenAPI document of the server. */
export function readOpenApi(): { paths: Record<string, Record<string, object>> } {
  return JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8', maxBuffer: 2 ** 26 }))
}
