import { startRelay } from '../durability/relay.ts'
import { startPostgres, startStandby } from '../setup/postgres.mjs'
import { argumentsFor, passwordFileOf, psql, type TestDatabase } from './postgres.ts'
import { until } from './until.ts'

/** A PostgreSQL primary and a standby of it, at one address. Dispose of it, and neither processes nor files are left. */
export interface PostgresPair extends AsyncDisposable {
  /** Creates a database on the primary. Its address stays the same after a failover. */
  createDatabase(name: string): TestDatabase
  /** Kills all processes of the primary by SIGKILL, after which `resume` starts it again; or one of its children. */
  kill(which: 'all' | 'one', pick?: number): Promise<void>
  resume(): Promise<void>
  /** Kills all processes of the primary, removes it, and promotes the standby at its address. */
  failOver(): Promise<void>
  /** Starts a standby of the current primary, which has none after a failover. */
  addStandby(): Promise<void>
}

/** The PostgreSQL of other tests loses in a crash what it has acknowledged. */
const settings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  wal_retrieve_retry_interval: '100ms',
}

type Server = NonNullable<Awaited<ReturnType<typeof startPostgres>>>

/** Sets the standbys for which a commit waits. */
function waitForStandby(url: string, names: string): void {
  psql(url, 'postgres', `alter system set synchronous_standby_names ${names}`)
  psql(url, 'postgres', 'select pg_reload_conf()')
}

/** Starts a pair. The primary acknowledges only what the standby has written. */
export async function startPostgresPair(): Promise<PostgresPair> {
  await using stack = new AsyncDisposableStack()
  const relay = stack.use(await startRelay())
  const servers = new Set<Server>()
  stack.defer(async () => void (await Promise.all([...servers].map((server) => server.stop()))))
  const use = (server: Server | undefined): Server => {
    if (server === undefined) throw new Error('PostgreSQL is not installed')
    servers.add(server)
    return server
  }
  let primary = use(await startPostgres({ settings }))
  let standby: Server | undefined
  relay.forwardTo(Number(new URL(primary.url).port))
  const address = new URL(primary.url)
  address.port = String(relay.port)
  const passwordFile = passwordFileOf(primary.url)
  const addStandby = async (): Promise<void> => {
    standby = use(await startStandby(primary.url, { settings }))
    waitForStandby(primary.url, `= 'standby'`)
    const state = `select sync_state from pg_stat_replication where application_name = 'standby'`
    await until('the standby is in use', async () => psql(primary.url, 'postgres', state) === 'sync')
  }
  await addStandby()
  const kept = stack.move()
  return {
    createDatabase(name) {
      psql(primary.url, 'postgres', `create database ${name}`)
      return {
        url: `postgres://${address.username}@${address.host}/${name}`,
        args: argumentsFor(String(address), name, passwordFile),
        query: (sql) => psql(primary.url, name, sql),
      }
    },
    kill: (which, pick) => primary.kill(which, pick),
    resume: () => primary.resume(),
    async failOver() {
      const old = primary
      if (standby === undefined) throw new Error('there is no standby')
      primary = standby
      standby = undefined
      await old.kill('all')
      await old.stop()
      servers.delete(old)
      psql(primary.url, 'postgres', 'select pg_promote()')
      // It has the settings of the old primary, and would wait for a standby at every commit.
      waitForStandby(primary.url, `= ''`)
      relay.forwardTo(Number(new URL(primary.url).port))
    },
    addStandby,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
