import {
  arm,
  armToken,
  as,
  assignRole,
  createServicePrincipal,
  expectStatus,
  registryId,
  roles,
} from '../harness/arm.ts'
import { startTestPostgres } from '../harness/postgres.ts'
import { startReplica } from '../harness/replica.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { median, type Figure, type Settings } from './figure.ts'
import { percentile99 } from './revocation.ts'

const repository = 'bench/revocation'
/** The length of a lease. */
const leaseMs = 2_000
const times = 150
const timesStopped = 7

/** How long a revocation takes until three servers on one PostgreSQL deny what it revoked, also while one of them is stopped. */
export async function measureReplicas({ say }: Settings): Promise<Figure[]> {
  say('revocation with three servers')
  await using stack = new AsyncDisposableStack()
  const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' }
  const postgres = stack.use(await startTestPostgres({ settings: durable }))
  const database = postgres.createDatabase('acrux')
  const args = ['--log-level', 'error']
  const server = stack.use(await startServer({ args: [...args, ...database.args] }))
  const second = stack.use(await startReplica(server, database, { args }))
  const third = stack.use(await startReplica(server, database, { args }))
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(server, repository, '1', basic(appId, password))
  const guest = await createServicePrincipal(server, 'bench')
  const revoke = (others: readonly RunningServer[], begin?: () => void): Promise<number> =>
    untilDenied(server, guest, others, begin)

  const all: number[] = []
  for (let time = 0; time < times; time += 1) all.push(await revoke([second, third]))
  say('revocation while a server is stopped')
  const stopped: number[] = []
  for (let time = 0; time < timesStopped; time += 1) {
    stopped.push(await revoke([second], () => process.kill(third.pid, 'SIGSTOP')))
    process.kill(third.pid, 'SIGCONT')
  }
  return [
    {
      name: 'replicas-revocation',
      measured: percentile99(all),
      unit: 'milliseconds',
      bound: 'at most',
      target: 100,
      details: `median ${median(all).toFixed(1)} ms, maximum ${Math.max(...all).toFixed(1)} ms, of ${times}`,
    },
    {
      name: 'replicas-revocation-stopped',
      measured: Math.max(...stopped),
      unit: 'milliseconds',
      bound: 'at most',
      target: 1.1 * leaseMs,
      details: `median ${Math.round(median(stopped))} ms, of ${timesStopped}; a lease has ${leaseMs} ms`,
    },
  ]
}

/** Milliseconds from the request that revokes a role to the denials of all servers, which have allowed it before. */
async function untilDenied(
  server: RunningServer,
  guest: { readonly appId: string; readonly password: string; readonly objectId: string },
  others: readonly RunningServer[],
  begin: () => void = () => undefined,
): Promise<number> {
  const assignment = await assignRole(server, guest.objectId, roles.acrPull, registryId(server))
  const login = { username: guest.appId, password: guest.password }
  const authorization = `Bearer ${await accessToken(server, login, [`repository:${repository}:pull`])}`
  const caller = await armToken(server)
  const pulls = (): Promise<number[]> =>
    Promise.all(
      [server, ...others].map(async (each) => (await get(each, `/v2/${repository}/manifests/1`, authorization)).status),
    )
  const before = await pulls()
  if (before.some((status) => status !== 200))
    throw new Error(`the assigned roles do not allow a pull: ${before.join(', ')}`)
  begin()
  const beganMs = performance.now()
  expectStatus(await arm(as(server, caller), 'DELETE', `${assignment}?api-version=2022-04-01`), 200)
  if ((await pulls()).includes(200)) throw new Error('a revoked permission still allows a pull')
  return performance.now() - beganMs
}
