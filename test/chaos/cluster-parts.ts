import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../durability/random.ts'
import { createRegistry } from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { type PostgresPair, startPostgresPair } from '../harness/postgres-pair.ts'
import { startReplica } from '../harness/replica.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { stores } from '../serve/object-stores.ts'
import { hasAzurite, startAzurite } from '../setup/object-servers.ts'
import { type Break, type Installation, policyRegistry, serverArguments } from './part.ts'

/** Starts three servers on a PostgreSQL with a standby, with their blobs in Azurite, or in shared files where it is not installed. */
export async function startCluster(): Promise<Installation> {
  await using stack = new AsyncDisposableStack()
  const scratch = stack.use(tempDir('chaos'))
  const postgres = stack.use(await startPostgresPair())
  const database = postgres.createDatabase('chaos')
  const store = hasAzurite() ? stack.use(await startStore(join(scratch.path, 'objects'))) : undefined
  const port = await freePort()
  // By default, the login servers have the port of the server that started last.
  const args = [...serverArguments, '--suffix', `.azurecr.localhost:${port}`, ...(store?.args ?? [])]
  const clockFiles = [1, 2, 3].map((number) => join(scratch.path, `clock-${number}`))
  const [first = '', ...others] = clockFiles.map((file) => ({
    ...store?.env,
    NODE_OPTIONS: `--import ${new URL('clock.mjs', import.meta.url).href}`,
    CHAOS_CLOCK_FILE: file,
  }))
  if (first === '') throw new Error('there is no first server')
  const server = stack.use(await startServer({ port, args: [...args, ...database.args], env: first }))
  const { loginServer: policyLoginServer } = await createRegistry(server, policyRegistry)
  const replicas: RunningServer[] = []
  for (const env of others) replicas.push(stack.use(await startReplica(server, database, { args, env })))
  const servers = [server, ...replicas] as const
  const kept = stack.move()
  return {
    servers,
    policyLoginServer,
    parts: {
      replica: (random) => killReplicas(servers, random),
      database: (random) => killDatabase(postgres, random),
      failover: () => failOver(postgres),
      ...(store !== undefined && { store: store.kill }),
      clock: (random) => moveClock(servers, clockFiles, random),
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** One server, or at times two. */
async function killReplicas(servers: readonly RunningServer[], random: Random): Promise<() => Promise<unknown>> {
  const first = random.integer(0, servers.length - 1)
  const killed = servers.filter((_, index) => index === first || (random.chance(0.2) && index === first + 1))
  await Promise.all(killed.map((server) => server.kill('SIGKILL')))
  return () => Promise.all(killed.map((server) => server.restart()))
}

async function killDatabase(postgres: PostgresPair, random: Random): Promise<() => Promise<void>> {
  if (random.chance(0.5)) {
    await postgres.kill('all')
    return () => postgres.resume()
  }
  await postgres.kill('one', random.fraction())
  return async () => undefined
}

async function failOver(postgres: PostgresPair): Promise<() => Promise<void>> {
  await postgres.failOver()
  return () => postgres.addStandby()
}

/** The time of day of one server is up to an hour ahead or behind. */
async function moveClock(
  servers: readonly RunningServer[],
  files: readonly string[],
  random: Random,
): Promise<() => Promise<void>> {
  const index = random.integer(0, servers.length - 1)
  const set = (offsetMs: number): void => {
    writeFileSync(files[index] ?? '', String(offsetMs))
    process.kill(servers[index]?.pid ?? 0, 'SIGUSR2')
  }
  set(random.integer(-3_600_000, 3_600_000))
  return async () => set(0)
}

async function startStore(folder: string): Promise<
  AsyncDisposable & {
    readonly args: readonly string[]
    readonly env: Readonly<Record<string, string>>
    readonly kill: Break
  }
> {
  const azure = stores['Azure Blob Storage']
  if (azure === undefined) throw new Error('there is no such store')
  let { endpoint, port, stop } = await startAzurite({ folder })
  await azure.prepare(endpoint)
  return {
    args: azure.args(endpoint),
    env: azure.env,
    kill: async () => {
      await stop()
      return async () => {
        ;({ endpoint, port, stop } = await startAzurite({ folder, port }))
      }
    },
    [Symbol.asyncDispose]: () => stop(),
  }
}
