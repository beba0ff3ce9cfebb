import { randomUUID } from 'node:crypto'
import { arm, armScope, assignRole, expectStatus, graph, registryId, roles } from '../../harness/arm.ts'
import { stringAt } from '../../harness/json.ts'
import type { RunningServer } from '../../harness/server.ts'
import type { TokenIssuer } from '../../harness/token-issuer.ts'
import { enrollBare, enrollment, type AskAsMachine } from '../../machines/bare-machine.ts'
import { createIdentity, machineId, newCode, putMachine, type Identity } from '../../machines/machine.ts'
import type { Revocation } from './case.ts'
import { byExchange, byIdentityTokens, type Holding } from './held.ts'

let made = 0

async function byMachine(server: RunningServer, ask: AskAsMachine, identity?: Identity): Promise<Holding> {
  const resource = armScope.replace(/\/\.default$/, '')
  const token = async (of: string) => stringAt(expectStatus(await ask(of, identity), 200).json(), 'access_token')
  const graphToken = await token(`${server.baseUrl}/graph/`)
  return {
    provider: () => ask(resource, identity),
    ...(await byIdentityTokens(server, await token(resource), { graphToken })),
  }
}

/** A machine with an identity attached, each with a role of its own. */
async function machine(server: RunningServer) {
  made += 1
  const name = `machine-${made}`
  const identity = await createIdentity(server, `identity-${made}`)
  const objectId = await putMachine(server, name, [identity])
  for (const id of [objectId, identity.objectId]) await assignRole(server, id, roles.reader, registryId(server))
  const ask = await enrollBare(server, name)
  return {
    name,
    identity,
    asItself: await byMachine(server, ask),
    asIdentity: await byMachine(server, ask, identity),
  }
}

type Machine = Awaited<ReturnType<typeof machine>>

/** Machines by their keys, the identities that are attached to them, and those that trust the tokens of others. */
export function machinesRevocations(server: RunningServer, issuer: TokenIssuer): Revocation[] {
  const one = (
    when: string,
    fields: readonly string[],
    whose: 'both' | 'the identity',
    take: (made: Machine) => Promise<unknown>,
  ): Revocation => ({
    when,
    fields,
    loss: 'credential',
    give: async () => {
      const given = await machine(server)
      const { asItself, asIdentity } = given
      const parts = whose === 'both' ? { held: [asItself, asIdentity] } : { held: asIdentity, kept: asItself }
      return { ...parts, take: () => take(given) }
    },
  })
  const remove = async (id: string) => expectStatus(await arm(server, 'DELETE', id), 200)
  const disable = async (objectId: string) =>
    expectStatus(await graph(server, 'PATCH', `/servicePrincipals/${objectId}`, { accountEnabled: false }), 204)
  const principal = ['managed_identity', 'service_principal', 'role_assignment']
  return [
    one('a machine is deleted', [...principal, 'machine_credential', 'machine_key'], 'both', ({ name }) =>
      remove(machineId(server, name)),
    ),
    one(
      'a machine is enrolled anew',
      ['machine_key.key_id', 'machine_key.public_key', 'machine_credential'],
      'both',
      ({ name }) => enrollBare(server, name),
    ),
    one('an identity is detached from its machine', ['machine_credential'], 'the identity', ({ name }) =>
      putMachine(server, name, []),
    ),
    one('an identity is deleted', [...principal, 'machine_credential'], 'the identity', ({ identity }) =>
      remove(identity.id),
    ),
    one('an identity is disabled', ['service_principal.enabled'], 'the identity', ({ identity }) =>
      disable(identity.objectId),
    ),
    {
      when: 'a federated credential of an identity is deleted',
      fields: ['federated_credential'],
      loss: 'credential',
      give: async () => {
        made += 1
        const identity = await createIdentity(server, `identity-${made}`)
        await assignRole(server, identity.objectId, roles.reader, registryId(server))
        const subject = `system:serviceaccount:team:${randomUUID()}`
        const id = `${identity.id}/federatedIdentityCredentials/pods`
        const properties = { issuer: issuer.origin, subject, audiences: ['api://AzureADTokenExchange'] }
        expectStatus(await arm(server, 'PUT', id, { properties }), 200, 201)
        const token = issuer.token({ sub: subject, aud: 'api://AzureADTokenExchange' })
        return { held: await byExchange(server, token), take: () => remove(id) }
      },
    },
    {
      when: 'another enrollment code is made for the machine',
      fields: ['one_time_code.code_hash', 'one_time_code.expires_at_ms'],
      loss: 'credential',
      give: async () => {
        made += 1
        const name = `machine-${made}`
        await putMachine(server, name)
        const enrolling = enrollment(server, await newCode(server, name))
        return { held: {}, once: { provider: enrolling.ask }, take: () => newCode(server, name) }
      },
    },
  ]
}
