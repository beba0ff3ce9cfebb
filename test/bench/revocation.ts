import { Agent } from 'node:https'
import {
  arm,
  assignRole,
  createServicePrincipal,
  enableAdmin,
  expectStatus,
  registryId,
  removeRole,
  roles,
} from '../harness/arm.ts'
import { request } from '../harness/http.ts'
import { accessToken, basic, pushImage, registryUrl } from '../harness/registry.ts'
import { addSecret, removeSecret } from '../rights/tokens.ts'
import { startServer, type RunningServer } from '../harness/server.ts'
import type { Figure, Settings } from './figure.ts'

const repository = 'bench/revocation'
const scopes = [`repository:${repository}:pull`]

/**
 * How often each thing is revoked: the 99th percentile of fewer is close to the maximum, which depends on the disk.
 *
 */
const times = 150

/** Something that is granted, with the header that uses it, and how it is revoked. */
interface Given {
  readonly authorization: string
  readonly takeBack: () => Promise<unknown>
}

/** A right, a credential and an account: each is revoked in a different way. */
const kinds: Readonly<Record<string, (server: RunningServer) => Promise<Given>>> = {
  'a role assignment': async (server) => {
    const principal = await createServicePrincipal(server, 'bench')
    const assignment = await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
    const token = await accessToken(server, { username: principal.appId, password: principal.password }, scopes)
    return { authorization: `Bearer ${token}`, takeBack: () => removeRole(server, assignment) }
  },
  'a secret': async (server) => {
    const principal = await createServicePrincipal(server, 'bench')
    await assignRole(server, principal.objectId, roles.acrPull, registryId(server))
    const { appId, password, keyId } = await addSecret(server, principal, 3_600_000)
    return { authorization: basic(appId, password), takeBack: () => removeSecret(server, principal, keyId) }
  },
  'the admin account': async (server) => {
    const token = await accessToken(server, await enableAdmin(server), scopes)
    const body = { properties: { adminUserEnabled: false } }
    const takeBack = async () => expectStatus(await arm(server, 'PATCH', registryId(server), body), 200, 201)
    return { authorization: `Bearer ${token}`, takeBack }
  },
}

/** Milliseconds from the response to a revocation to the end of the first pull that is denied because of it. */
async function untilRejected(server: RunningServer, agent: Agent, { authorization, takeBack }: Given): Promise<number> {
  const pull = async () => {
    const url = `${registryUrl(server)}/v2/${repository}/manifests/1`
    return (await request({ url, agent, caFile: server.caFile, headers: { authorization } })).status
  }
  if ((await pull()) !== 200) throw new Error('the assigned role does not allow a pull')
  let answeredAt = Infinity
  const take = async () => {
    await takeBack()
    answeredAt = performance.now()
  }
  const taking = take()
  while ((await pull()) === 200) {
    if (performance.now() - answeredAt > 10_000) throw new Error('a revoked permission still allows a pull')
  }
  const rejectedAt = performance.now()
  await taking
  return Math.max(0, rejectedAt - answeredAt)
}

/** The 99th of a hundred, in order. */
export function percentile99(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)] ?? NaN
}

/**
 * How long something that was revoked still works, while it is used without a pause. The server is not bound to a
 * core.
 */
export async function measureRevocation({ say }: Settings): Promise<Figure> {
  say('revocation')
  await using server = await startServer({ args: ['--log-level', 'error'] })
  const { appId, password } = server.firstRun.servicePrincipal
  await pushImage(server, repository, '1', basic(appId, password))
  const agent = new Agent({ keepAlive: true })
  const byKind: Record<string, number[]> = {}
  for (const [kind, give] of Object.entries(kinds)) {
    const found: number[] = []
    for (let time = 0; time < times; time += 1) found.push(await untilRejected(server, agent, await give(server)))
    byKind[kind] = found
  }
  agent.destroy()
  return {
    name: 'revocation',
    measured: percentile99(Object.values(byKind).flat()),
    unit: 'milliseconds',
    bound: 'at most',
    target: 50,
    details: Object.entries(byKind)
      .map(([kind, found]) => `${kind} ${percentile99(found).toFixed(1)} ms`)
      .join(', '),
  }
}
