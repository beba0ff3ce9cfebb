import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { connectTo } from './http.ts'
import type { TestDatabase } from './postgres.ts'
import { type RunningServer, type ServerOptions, startServer } from './server.ts'
import { tempDir } from './temp-dir.ts'

/**
 * Starts another server on the database of the first, with its public host, its master key and its blobs. For an object store,
 * `args` has its settings. Requests to it have the URLs of the first: its authority selects it.
 */
export async function startReplica(
  server: RunningServer,
  database: TestDatabase,
  options: Pick<ServerOptions, 'args' | 'env' | 'port' | 'program'> = {},
): Promise<RunningServer> {
  const home = tempDir('replica')
  const dataDir = join(home.path, 'data')
  mkdirSync(dataDir, { mode: 0o700 })
  const blobsAreInFiles = !existsSync(join(server.dataDir, 'object-storage'))
  for (const name of ['master.key', 'first-run.json', ...(blobsAreInFiles ? ['rows-in-postgresql'] : [])]) {
    copyFileSync(join(server.dataDir, name), join(dataDir, name))
  }
  if (blobsAreInFiles) symlinkSync(join(server.dataDir, 'blobs'), join(dataDir, 'blobs'))
  const { loginServer } = server.firstRun
  const args = [...database.args, '--public-host', loginServer, ...(options.args ?? [])]
  const started = await startServer({ ...options, dataDir, args })
  const caFile = join(dataDir, 'tls', 'ca.pem')
  const disconnect = connectTo(started.port, caFile)
  return {
    ...started,
    get pid() {
      return started.pid
    },
    baseUrl: server.baseUrl,
    caFile,
    firstRun: server.firstRun,
    async [Symbol.asyncDispose]() {
      disconnect()
      await started[Symbol.asyncDispose]()
      home.remove()
    },
  }
}
