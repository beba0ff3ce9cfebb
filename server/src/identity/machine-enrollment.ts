import { createHash } from 'node:crypto'
import type { MachineEnrollment } from '@acrux/contract'
import { errors, importJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Audit } from '../audit/index.ts'
import type { Credentials } from '../credentials/index.ts'
import type { Directory } from '../directory/index.ts'
import type { Clock } from '../platform/process/clock.ts'
import type { Call } from '../platform/http/surface.ts'
import { secretEquals } from '../platform/keys/sealing.ts'
import { type KnownSenders, createSenderBudget } from '../platform/limits/sender-budget.ts'
import { EntraError } from './entra-errors.ts'
import { type MachinePublicKey, machineAlgorithm, parsePublicKey, readHeaderMember } from './machine-key.ts'
import { requireTenant } from './tenants.ts'
import { readTokenForm } from './token-form.ts'

const proofType = 'acrux-enroll+jwt'

/** Nobody need try many codes: of 100 random bits, guessing finds none. */
const refusalAllowance = { burst: 20, perSecond: 1 }

const claimsSchema = z.object({ code_sha256: z.string().length(43) })

/**
 * Makes the handler of `POST /{tenant}/machines/enroll`: a code, and the proof that who brings it has the private key
 * whose public half is in the proof. The key takes the place of the one that the machine had.
 */
export function createMachineEnrollment(options: {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly clock: Clock
  readonly audit: Audit
  readonly publicOrigin: string
  readonly senders: KnownSenders
}) {
  const { credentials, directory, clock, audit, publicOrigin, senders } = options
  const budget = createSenderBudget(clock, refusalAllowance, senders)

  return async (call: Call<undefined>): Promise<MachineEnrollment> => {
    call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    const { tenant } = await requireTenant(directory, call.params['tenant'] ?? '')
    try {
      const form = readTokenForm(call.request.body, call.request.query)
      const code = requireField(form, 'code')
      const publicKey = await requireKey(requireField(form, 'proof'), code)
      const enrolled = await credentials.machines.enroll(code, JSON.stringify(publicKey), (transaction, made) =>
        audit.record(transaction, {
          action: 'machine.enroll',
          outcome: 'success',
          actor: { kind: 'service-principal', id: made.machine.objectId },
          credential: { kind: 'enrollment-code' },
          target: made.machine.id,
          detail: { keyId: made.keyId },
          origin: call.origin,
        }),
      )
      if (enrolled === undefined) throw new EntraError('wrongEnrollmentCode')
      const { machine, keyId } = enrolled
      return {
        tenantId: tenant.tenantId,
        tokenEndpoint: `${publicOrigin}/${tenant.tenantId}/oauth2/token`,
        resourceId: machine.id,
        clientId: machine.appId,
        objectId: machine.objectId,
        keyId,
      }
    } catch (error) {
      if (!(error instanceof EntraError)) throw error
      if (!budget.spend(call.origin.remoteAddress)) {
        call.reply.header('retry-after', '5')
        throw new EntraError('tooManyRefusals', [], { cause: error })
      }
      await audit.append({
        action: 'machine.enroll',
        outcome: 'refused',
        actor: { kind: 'anonymous', id: '' },
        target: '',
        reason: `AADSTS${error.number}`,
        origin: call.origin,
      })
      throw error
    }
  }
}

function requireField(form: ReadonlyMap<string, string>, name: string): string {
  const value = form.get(name)
  if (value === undefined || value === '') throw new EntraError('missingParameter', [name])
  return value
}

/** The public key that signed the proof. It has no times: it is worth something with the code alone, which is used once. */
async function requireKey(proof: string, code: string): Promise<MachinePublicKey> {
  const publicKey = parsePublicKey(readHeaderMember(proof, proofType, 'jwk'))
  if (publicKey === undefined) throw new EntraError('malformed')
  try {
    const { payload } = await jwtVerify(proof, await importJWK(publicKey, machineAlgorithm), {
      algorithms: [machineAlgorithm],
      typ: proofType,
    })
    const claims = claimsSchema.parse(payload)
    const hash = createHash('sha256').update(code).digest('base64url')
    if (!secretEquals(claims.code_sha256, hash)) throw new EntraError('malformed')
    return publicKey
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) {
      throw new EntraError('malformed', [], { cause: error })
    }
    throw error
  }
}
