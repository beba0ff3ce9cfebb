import type { WantedIdentity } from '@acrux/shared/wire/machine-protocol.ts'
import { errors, importJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import type { ServicePrincipal } from '../../directory/index.ts'
import type { Credentials, MachineIdentity } from '../../credentials/index.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { normalizeScope } from '@acrux/shared/standards/azure/resource-id.ts'
import { EntraError } from '../tokens/errors.ts'
import { machineAlgorithm, parsePublicKey, findHeaderMember } from './machine-key.ts'
import type { TokenForm } from '../tokens/token-form.ts'
import type { UsedAssertions } from './used-assertion-store.ts'

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const assertionType = 'acrux-machine+jwt'

/** The maximum lifetime of an assertion. A machine signs a new assertion for each request. */
const maxLifetimeSeconds = 300

/** The clocks of machines are less accurate than those of servers. */
const clockSkewSeconds = 120

const oneLine = z.string().min(1).max(2048)
const seconds = z.int().nonnegative()
const claimsSchema = z.object({
  iss: z.string(),
  sub: z.string(),
  // An assertion with several audiences could be replayed from one to another.
  aud: z.string(),
  iat: seconds,
  exp: seconds,
  jti: z.string().min(16).max(64),
  acrux_identity: z
    .strictObject({ client_id: oneLine.optional(), object_id: oneLine.optional(), resource_id: oneLine.optional() })
    .refine((wanted) => Object.keys(wanted).length === 1)
    .optional(),
})

/** The identity that a machine authenticated as. */
type MachineClient = {
  readonly kind: 'confidential'
  readonly method: 'machine_assertion'
  readonly servicePrincipal: ServicePrincipal
  readonly credentialId: string
  readonly credentialExpiresAtMs: number
}

export type MachineContext = {
  readonly credentials: Pick<Credentials, 'machines'>
  readonly clock: Clock
  readonly usedAssertions: UsedAssertions
}

/**
 * Authenticates a machine by the assertion of a token request. Undefined for a request without an assertion of the type for
 * machines. [RFC 7523 §2.2]
 *
 * @throws EntraError
 */
export async function authenticateMachine(
  context: MachineContext,
  form: TokenForm,
  authorizationHeader: string | undefined,
  tokenEndpointUrls: readonly string[],
): Promise<MachineClient | undefined> {
  const assertion = form.get('client_assertion')
  if (assertion === undefined || findHeaderMember(assertion, assertionType, 'kid') === undefined) return undefined
  const isAlone = authorizationHeader === undefined && !form.has('client_secret')
  if (!isAlone || form.get('client_assertion_type') !== jwtBearer) throw new EntraError('malformed')
  return requireMachine(context, assertion, form.get('client_id'), tokenEndpointUrls)
}

/**
 * Verifies an assertion with the key that the machine was enrolled with, and finds the requested identity: the machine's own,
 * or one that is attached to it. An assertion can be used once.
 *
 * @throws EntraError with the same text for every invalid assertion
 */
async function requireMachine(
  { credentials, clock, usedAssertions }: MachineContext,
  assertion: string,
  clientId: string | undefined,
  tokenEndpointUrls: readonly string[],
): Promise<MachineClient> {
  const kid = findHeaderMember(assertion, assertionType, 'kid')
  const found = typeof kid === 'string' ? await credentials.machines.findKey(kid) : undefined
  if (found === undefined) throw new EntraError('machineRejected')
  const { machine, publicKey } = found
  const claims = await verify(assertion, publicKey, tokenEndpointUrls, clock)
  if ([claims.iss, claims.sub, clientId].some((name) => name !== machine.appId)) throw new EntraError('machineRejected')
  const isFirstUse = await usedAssertions.use(String(kid), claims.jti, (claims.exp + clockSkewSeconds) * 1000)
  if (!isFirstUse) throw new EntraError('machineRejected')
  if (!machine.enabled) throw new EntraError('disabledApplication', [machine.appId])
  const identities = await credentials.machines.identitiesOf(machine.objectId)
  const wanted = findWanted(identities, claims.acrux_identity ?? { object_id: machine.objectId })
  if (wanted === undefined) throw new EntraError('identityNotFound')
  const { servicePrincipal, credentialId, credentialExpiresAtMs } = wanted
  if (!servicePrincipal.enabled) throw new EntraError('disabledApplication', [servicePrincipal.appId])
  return { kind: 'confidential', method: 'machine_assertion', servicePrincipal, credentialId, credentialExpiresAtMs }
}

async function verify(
  assertion: string,
  publicKeyText: string,
  tokenEndpointUrls: readonly string[],
  clock: Clock,
): Promise<z.infer<typeof claimsSchema>> {
  const publicKey = parsePublicKey(JSON.parse(publicKeyText))
  if (publicKey === undefined) throw new Error('the stored key of a machine is invalid')
  const nowMs = clock.now()
  try {
    const { payload } = await jwtVerify(assertion, await importJWK(publicKey, machineAlgorithm), {
      algorithms: [machineAlgorithm],
      typ: assertionType,
      audience: [...tokenEndpointUrls],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(nowMs),
      requiredClaims: ['iss', 'sub', 'aud', 'iat', 'exp', 'jti'],
    })
    const claims = claimsSchema.parse(payload)
    const isFresh = claims.iat <= nowMs / 1000 + clockSkewSeconds && claims.exp <= claims.iat + maxLifetimeSeconds
    if (!isFresh) throw new EntraError('machineRejected')
    return claims
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) {
      throw new EntraError('machineRejected', [], { cause: error })
    }
    throw error
  }
}

function findWanted(identities: readonly MachineIdentity[], wanted: WantedIdentity): MachineIdentity | undefined {
  const same = (one: string, other: string | undefined) => other !== undefined && one === other.toLowerCase()
  return identities.find(
    ({ id, servicePrincipal: { appId, objectId } }) =>
      same(appId, wanted.client_id) ||
      same(objectId, wanted.object_id) ||
      (wanted.resource_id !== undefined && normalizeScope(id) === normalizeScope(wanted.resource_id)),
  )
}
