import { createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { isJsonObject, ownValue, parseBoundedJson } from '@acrux/shared/standards/http/bounded-json.ts'

/** The only algorithm of machines' signatures. */
export const machineAlgorithm = 'ES256'

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const publicKeySchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
})

/** The public key of a machine. [RFC 7518 §6.2] */
export type MachinePublicKey = z.infer<typeof publicKeySchema>

/** Parses a public key on the curve P-256, without any other member. */
export function parsePublicKey(value: unknown): MachinePublicKey | undefined {
  const parsed = publicKeySchema.safeParse(value)
  if (!parsed.success) return undefined
  try {
    createPublicKey({ key: parsed.data, format: 'jwk' })
    return parsed.data
  } catch {
    // The point is not on the curve.
    return undefined
  }
}

const compactPattern = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const maxTokenLength = 8192
const maxHeaderLength = 1024

/**
 * The value of `member` in a protected header that has the algorithm of machines, this type, the member, and nothing else.
 * Undefined for any other header. [RFC 8725 §3.1, §3.10, §3.11]
 */
export function findHeaderMember(token: string, type: string, member: 'kid' | 'jwk'): unknown {
  const header = token.length > maxTokenLength ? undefined : compactPattern.exec(token)?.[1]
  if (header === undefined || header.length > maxHeaderLength) return undefined
  const value = parseBoundedJson(Buffer.from(header, 'base64url'), 3)
  if (!isJsonObject(value) || Object.keys(value).length !== 3) return undefined
  if (ownValue(value, 'alg') !== machineAlgorithm || ownValue(value, 'typ') !== type) return undefined
  return ownValue(value, member)
}
