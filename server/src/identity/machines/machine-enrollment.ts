import { createHash } from 'node:crypto'
import type { MachineEnrollment } from '@acrux/shared/wire/machine-protocol.ts'
import { errors, importJWK, jwtVerify } from 'jose'
import { z } from 'zod'
import type { Audit } from '../../audit/index.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { Call } from '../../platform/http/surface.ts'
import { secretEquals } from '../../platform/keys/sealing.ts'
import type { SenderBudget } from '../../platform/limits/sender-budget.ts'
import { EntraError } from '../tokens/errors.ts'
import { type MachinePublicKey, machineAlgorithm, parsePublicKey, findHeaderMember } from './machine-key.ts'
import { requireTenant } from '../tokens/tenants.ts'
import { requireTokenForm } from '../tokens/token-form.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

const proofType = 'acrux-enroll+jwt'

/** How many denied requests of an address are audited. Codes have 100 random bits and need no protection from guessing. */
export const enrollmentRejectionAllowance = { burst: 20, perSecond: 1 }

const claimsSchema = z.object({ code_sha256: z.string().length(43) })

export type EnrollmentContext = {
  readonly credentials: Credentials
  readonly directory: Directory
  readonly audit: Audit
  readonly publicOrigin: PublicOrigin
  /** The budget of denied enrollment requests. */
  readonly enrollmentRejections: SenderBudget
}

/**
 * The handler of `POST /{tenant}/machines/enroll`. The request has an enrollment code and a proof of possession: a JWT that is
 * signed with the machine's new private key and contains the public key. The key replaces the machine's previous one.
 */
export async function enrollMachine(
  { credentials, directory, audit, publicOrigin, enrollmentRejections }: EnrollmentContext,
  call: Call<undefined>,
): Promise<MachineEnrollment> {
  call.reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
  const { tenant } = await requireTenant(directory, call.params['tenant'] ?? '')
  try {
    const form = requireTokenForm(call.request.body, call.request.query)
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
    if (!enrollmentRejections.spend(call.origin.remoteAddress)) {
      call.reply.header('retry-after', '5')
      throw new EntraError('tooManyRejections', [], { cause: error })
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

function requireField(form: ReadonlyMap<string, string>, name: string): string {
  const value = form.get(name)
  if (value === undefined || value === '') throw new EntraError('missingParameter', [name])
  return value
}

/** The public key that signed the proof. A proof has no times: it is valid only together with its code, which is used once. */
async function requireKey(proof: string, code: string): Promise<MachinePublicKey> {
  const publicKey = parsePublicKey(findHeaderMember(proof, proofType, 'jwk'))
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
