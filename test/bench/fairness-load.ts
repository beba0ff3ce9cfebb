/**
 * The processes that generate the load of the fairness figures: one sends the worst requests, another sends those of
 * all other callers.
 */
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { attacks } from './attacks.ts'
import {
  connections,
  type FairnessJob,
  type FairnessReply,
  type Latencies,
  type Role,
  type Scene,
} from './fairness-jobs.ts'
import { request } from '../harness/http.ts'

/** How often each of the other callers sends a request: rarely enough that they do not load the server. */
const pauseMs = 10

function reply(message: FairnessReply): void {
  process.send?.(message)
}

let stop: (() => Promise<void>) | undefined

async function attack(scene: Scene, name: string, role: Role): Promise<void> {
  const found = attacks[name]
  if (found === undefined) throw new Error(`there is no attack ${name}`)
  const state = { isOver: false, requests: 0 }
  const statuses: Record<string, number> = {}
  const tell = (status: number | string): void => {
    state.requests += 1
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  const all = await Promise.all(Array.from({ length: connections }, async () => found.attacker(scene, role, tell)))
  const loops = all.map(async (once) => {
    while (!state.isOver) {
      await once().catch((error: unknown) => {
        tell(error instanceof Error ? error.message.slice(0, 60) : 'failed')
        return sleep(5)
      })
    }
  })
  stop = async () => {
    state.isOver = true
    await Promise.race([Promise.all(loops), sleep(5000)])
    reply({ kind: 'attacked', requests: state.requests, statuses })
  }
  reply({ kind: 'started' })
}

async function timed(work: () => Promise<{ readonly status: number }>): Promise<number> {
  const begun = performance.now()
  const { status } = await work()
  if (status !== 200) throw new Error(`one of the others was answered with ${status}`)
  return performance.now() - begun
}

async function measureVictims({ reached, victims }: Scene, milliseconds: number): Promise<Latencies> {
  const pull: number[] = []
  const token: number[] = []
  const end = performance.now() + milliseconds
  const query = new URLSearchParams({ service: reached.firstRun.loginServer, scope: 'repository:team/app:pull' })
  const ca = readFileSync(reached.caFile)
  const loops = victims.map(async (authorization) => {
    // Another address of this machine, as others have.
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, localAddress: '127.0.0.2' })
    const ask = (path: string) =>
      request({ url: `${reached.baseUrl}${path}`, agent, caFile: reached.caFile, headers: { authorization } })
    await ask('/v2/')
    while (performance.now() < end) {
      pull.push(await timed(() => ask('/v2/team/app/manifests/1')))
      await sleep(pauseMs)
      token.push(await timed(() => ask(`/oauth2/token?${query.toString()}`)))
      await sleep(pauseMs)
    }
    agent.destroy()
  })
  await Promise.all(loops)
  return { pull, token }
}

async function work(job: FairnessJob): Promise<void> {
  switch (job.kind) {
    case 'attack':
      return attack(job.scene, job.name, job.role)
    case 'stop':
      return stop?.()
    case 'victims':
      return reply({ kind: 'measured', latencies: await measureVictims(job.scene, job.milliseconds) })
  }
}

process.on('message', (job: FairnessJob) => {
  work(job).catch((error: unknown) => reply({ kind: 'failed', message: String(error) }))
})
process.on('disconnect', () => process.exit())
