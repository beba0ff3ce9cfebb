import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { compose } from '../../server/src/compose/compose.ts'
import { openApiDocument } from '../../server/src/openapi/index.ts'
import { loadConfiguration } from '../../server/src/configuration/index.ts'
import { createLog } from '../../server/src/platform/log/log.ts'
import type { OpenApiDocument } from './api.ts'

/** The OpenAPI document of a server that is composed for this purpose only. */
export async function openApiOfServer(): Promise<OpenApiDocument> {
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-openapi-'))
  try {
    const flags = { dataDir: path.join(directory, 'data'), http: true }
    const server = await compose(await loadConfiguration({ flags, env: {} }), createLog('silent'))
    await server.close()
    return openApiDocument(server.routes) as unknown as OpenApiDocument
  } finally {
    await rm(directory, { recursive: true })
  }
}
