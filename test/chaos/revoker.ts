import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  arm,
  createServicePrincipal,
  expectStatus,
  type NewServicePrincipal,
  registryId,
  roles,
} from '../harness/arm.ts'
import { accessToken, basic, get, pushImage } from '../harness/registry.ts'
import type { RunningServer } from '../harness/server.ts'
import { type Field, untilDone } from './field.ts'

const repository = 'revoked/target'
const path = `/v2/${repository}/manifests/1`

/** How long requests are sent after the answer of a revocation. */
const afterwardsMs = 150

/** Assigns a role to a principal and removes it, repeatedly, while the principal reads through every server. */
export class Revoker {
  readonly #guest: NewServicePrincipal

  private constructor(guest: NewServicePrincipal) {
    this.#guest = guest
  }

  static async prepare(server: RunningServer, owner: string): Promise<Revoker> {
    await pushImage(server, repository, '1', owner)
    return new Revoker(await createServicePrincipal(server, 'guest'))
  }

  /** A cycle that has begun is finished, also after the end of the round: all parts are available again then. */
  async run(field: Field): Promise<void> {
    while (!field.over.aborted) await this.#cycle(field)
  }

  async #cycle(field: Field): Promise<void> {
    const { servers, random, counts } = field
    const { subscriptionId } = servers[0].firstRun
    const id = `${registryId(servers[0])}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
    const assignment = `${id}?api-version=2022-04-01`
    const roleDefinitionId = `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles.acrPull}`
    const properties = { roleDefinitionId, principalId: this.#guest.objectId, principalType: 'ServicePrincipal' }
    const some = (): RunningServer => random.pick([...servers])
    await untilDone(async () => expectStatus(await arm(some(), 'PUT', assignment, { properties }), 200, 201))
    const login = { username: this.#guest.appId, password: this.#guest.password }
    const token = await untilDone(() => accessToken(some(), login, [`repository:${repository}:pull`]))
    const grant: Grant = { revokedAtMs: Infinity, isOver: false, hasWorked: false }
    const headers = [`Bearer ${token}`, basic(login.username, login.password)]
    const reading = servers.flatMap((server) => headers.map((each) => readAllTheTime(field, server, each, grant)))
    await untilDone(async () => {
      if (!grant.hasWorked) throw new Error('an assigned role allows nothing')
    })
    await sleep(random.integer(0, 100))
    await untilDone(async () => expectStatus(await arm(some(), 'DELETE', assignment), 200, 204))
    grant.revokedAtMs = performance.now()
    counts.revocations += 1
    await sleep(afterwardsMs)
    grant.isOver = true
    await Promise.all(reading)
  }
}

interface Grant {
  revokedAtMs: number
  isOver: boolean
  hasWorked: boolean
}

/**
 * At least one request begins after the revocation, even if the previous one takes longer than the others continue.
 *
 */
async function readAllTheTime({ counts }: Field, server: RunningServer, authorization: string, grant: Grant) {
  for (let afterwards = 0; !grant.isOver || afterwards === 0;) {
    const beganMs = performance.now()
    const status = await get(server, path, authorization).then(
      (answer) => answer.status,
      () => 0,
    )
    if (status === 200) grant.hasWorked = true
    if (beganMs > grant.revokedAtMs) {
      afterwards += 1
      if (status === 200)
        counts.violations.push(
          `a request was allowed ${Math.round(beganMs - grant.revokedAtMs)} ms after the revocation`,
        )
      if (status === 401 || status === 403) counts.denied += 1
    }
    await sleep(status === 0 ? 50 : 5)
  }
}
