import { setTimeout as sleep } from 'node:timers/promises'
import { isCut } from '../durability/client.ts'
import { Client } from '../durability/client.ts'
import { Ledger } from '../durability/ledger.ts'
import { someMoment, watchMoment } from '../durability/moment.ts'
import { Pusher } from '../durability/pusher.ts'
import { type Random, seededRandom } from '../durability/random.ts'
import { Verifier } from '../durability/verify.ts'
import { arm, expectStatus, registryId } from '../harness/arm.ts'
import { basic } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { type Counts, type Field, keepDoing, messageOf, noCounts, someClient, untilDone } from './field.ts'
import { Keeper } from './keeper.ts'
import { Mover } from './mover.ts'
import { type Break, type Installation, type PartName, policyRegistry } from './part.ts'
import { pushImage, someImage } from './push-image.ts'
import { Revoker } from './revoker.ts'

const pushers = 3

/** What is to be done. */
export interface Plan {
  readonly rounds: number
  /** The random moments and choices are the same for the same seed, as far as the timing of the machine allows. */
  readonly seed: number
  readonly parts: readonly PartName[]
  readonly say: (text: string) => void
}

/** What was seen, by part. `deletedByPolicy` is how many manifests the retention policy has deleted. */
export interface Seen {
  readonly byPart: ReadonlyMap<PartName, Counts>
  readonly deletedByPolicy: number
}

/** Breaks random parts of an installation, one in each round, while clients work, and verifies what was acknowledged. */
export async function playRounds(installation: Installation, plan: Plan): Promise<Seen> {
  const chaos = await Chaos.prepare(installation, plan)
  const parts = plan.parts.flatMap((name) => {
    const breaks = installation.parts[name]
    return breaks === undefined ? [] : [{ name, breaks }]
  })
  const [first, ...more] = parts
  if (first === undefined)
    throw new Error(`none of these parts can be broken on this machine: ${plan.parts.join(', ')}`)
  const random = seededRandom(plan.seed, 'parts')
  const byPart = new Map(parts.map(({ name }) => [name, noCounts()]))
  for (let round = 1; round <= plan.rounds; round += 1) {
    // Each part comes once before the choice is random.
    const part = parts[round - 1] ?? random.pick([first, ...more])
    const counts = byPart.get(part.name) ?? noCounts()
    const before = counts.violations.length
    await chaos.round(part, round, counts)
    const found = counts.violations.slice(before).map((each) => `\n  ${each}`)
    plan.say(`round ${round} of ${plan.rounds}: ${part.name}${found.join('')}`)
  }
  return { byPart, deletedByPolicy: await chaos.verifyAll(byPart.get(first.name) ?? noCounts()) }
}

interface Work {
  readonly ledger: Ledger
  readonly keeper: Keeper
  readonly mover: Mover
  readonly revoker: Revoker
}

class Chaos {
  readonly #installation: Installation
  readonly #plan: Plan
  readonly #owner: string
  readonly #work: Work

  private constructor(installation: Installation, plan: Plan, owner: string, work: Work) {
    this.#installation = installation
    this.#plan = plan
    this.#owner = owner
    this.#work = work
  }

  static async prepare(installation: Installation, plan: Plan): Promise<Chaos> {
    const [server] = installation.servers
    const { appId, password } = server.firstRun.servicePrincipal
    const owner = basic(appId, password)
    const policies = async (registry: string, policies: object): Promise<unknown> => {
      const body = { sku: { name: 'Premium' }, properties: { policies } }
      return expectStatus(await arm(server, 'PATCH', registryId(server, registry), body), 200)
    }
    await policies(server.firstRun.registry, { softDeletePolicy: { status: 'enabled', retentionDays: 7 } })
    await policies(policyRegistry, { retentionPolicy: { status: 'enabled', days: 0 } })
    const work = {
      ledger: new Ledger(),
      keeper: new Keeper('kept/app'),
      mover: new Mover(installation.policyLoginServer),
      revoker: await Revoker.prepare(server, owner),
    }
    return new Chaos(installation, plan, owner, work)
  }

  async round(part: { readonly name: PartName; readonly breaks: Break }, round: number, counts: Counts): Promise<void> {
    const random = seededRandom(this.#plan.seed, `round ${round}`)
    const { ledger } = this.#work
    const before = { pushes: ledger.pushes.length, blobs: ledger.blobs.length }
    const over = new AbortController()
    const { servers } = this.#installation
    // To a server whose clock is ahead, grace periods and tokens have expired.
    const mayExpire = part.name === 'clock'
    const field: Field = { servers, owner: this.#owner, random, over: over.signal, counts, mayExpire }
    const { onEvent, reached } = watchMoment(someMoment(random))
    const working = this.#clients(field, round, onEvent)
    const pids = servers.map(({ pid }) => pid)
    try {
      await reached()
      const repair = await part.breaks(random)
      await sleep(random.integer(0, 800))
      const isEnd = part.name === 'server' || part.name === 'replica'
      if (!isEnd) requireRunning(servers, pids)
      const beganMs = performance.now()
      await repair()
      await Promise.all(servers.map((server) => this.#untilWorking(server, random)))
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - beganMs)
    } finally {
      over.abort()
      await working
    }
    counts.rounds += 1
    counts.manifests += ledger.pushes.length - before.pushes
    counts.blobs += ledger.blobs.length - before.blobs
    const since = mayExpire ? { ...before, blobs: ledger.blobs.length } : before
    await this.#verify(field, async (client, atMover) => {
      await new Verifier(client, ledger).since(since, random)
      await this.#work.keeper.verify(client, 'changed')
      await this.#work.mover.verify(atMover)
    })
  }

  async #clients(field: Field, round: number, onEvent: ReturnType<typeof watchMoment>['onEvent']): Promise<void> {
    const { ledger, keeper, mover, revoker } = this.#work
    let number = 0
    const push = (index: number): Promise<void> =>
      keepDoing(field, async () => {
        using client = someClient(field)
        const name = `p${index}-${round}-${(number += 1)}`
        const random = seededRandom(this.#plan.seed, name)
        await new Pusher({ name, client, ledger, random, onEvent }).run(field.over)
      })
    const noted = async (work: Promise<void>): Promise<void> =>
      work.catch((error: unknown) => void field.counts.violations.push(messageOf(error)))
    const all = [keeper.run(field), mover.run(field), revoker.run(field)]
    for (let index = 0; index < pushers; index += 1) all.push(push(index))
    await Promise.all(all.map(noted))
  }

  /** Pushes and pulls through a server until it works. */
  async #untilWorking(server: RunningServer, random: Random): Promise<void> {
    await untilDone(async () => {
      using client = new Client(server, this.#owner, 1)
      const image = someImage(random)
      await pushImage(client, 'probe/app', image)
      expectStatus(await client.send({ method: 'GET', to: `/v2/probe/app/manifests/${image.digest}` }), 200)
      expectStatus(await client.send({ method: 'GET', to: `/v2/probe/app/blobs/${image.blobs[0]}` }), 200)
    })
  }

  /** Notes what does not hold. */
  async #verify(
    field: Pick<Field, 'servers' | 'owner' | 'random' | 'counts'>,
    hold: (client: Client, atMover: Client) => Promise<void>,
  ): Promise<void> {
    using client = someClient(field)
    using atMover = someClient(this.#work.mover.at(field))
    await hold(client, atMover).catch((error: unknown) => {
      if (isCut(error)) throw error
      field.counts.violations.push(messageOf(error))
    })
  }

  /** Verifies everything once more. Returns how many manifests the policy has deleted. */
  async verifyAll(counts: Counts): Promise<number> {
    const { ledger, keeper, mover } = this.#work
    const random = seededRandom(this.#plan.seed, 'end')
    const { servers } = this.#installation
    let deleted = 0
    await this.#verify({ servers, owner: this.#owner, random, counts }, async (client, atMover) => {
      const verifier = new Verifier(client, ledger)
      for (let index = 0; index < ledger.pushes.length; index += 50) {
        await Promise.all(ledger.pushes.slice(index, index + 50).map((push) => verifier.push(push)))
      }
      await keeper.verify(client, 'all')
      await mover.verify(atMover)
      deleted = await mover.deleted(atMover)
    })
    return deleted
  }
}

/** Throws if a server ended without being killed. */
function requireRunning(servers: readonly RunningServer[], pids: readonly number[]): void {
  for (const [index, { pid }] of servers.entries()) {
    if (pid !== pids[index]) throw new Error('a server was replaced')
    process.kill(pid, 0)
  }
}
