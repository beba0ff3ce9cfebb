import { z } from 'zod'
import { requestSurfaces } from '../records/request-facts.ts'

/** The longest delay of a response. The server disconnects a client if no byte is sent for 120 seconds. */
export const maxDelayMs = 110_000

const maxBytes = 2 ** 40
const text = z.string().min(1).max(512)
const byteCount = z.int().min(0).max(maxBytes)

const matchSchema = z.strictObject({
  surface: z.enum(requestSurfaces).exactOptional(),
  method: text.exactOptional(),
  path: text.exactOptional(),
  repository: text.exactOptional(),
  principal: text.exactOptional(),
})

const effects = {
  status: z.strictObject({
    status: z.int().min(400).max(599),
    retryAfterSeconds: z.int().min(0).max(86_400).exactOptional(),
  }),
  challenge: z.strictObject({ challenge: z.enum(['invalid_token', 'insufficient_scope']) }),
  delayMs: z.strictObject({ delayMs: z.int().min(0).max(maxDelayMs) }),
  bytesPerSecond: z.strictObject({ bytesPerSecond: z.int().min(1).max(maxBytes) }),
  cutAfterBytes: z.strictObject({ cutAfterBytes: byteCount }),
  stallAfterBytes: z.strictObject({ stallAfterBytes: byteCount }),
  reset: z.strictObject({ reset: z.literal(true) }),
  corrupt: z.strictObject({ corrupt: z.literal(true) }),
} as const

type EffectKind = keyof typeof effects

/** The effect of a fault on a request. */
export type FaultEffect = { readonly [Kind in EffectKind]: Readonly<z.infer<(typeof effects)[Kind]>> }[EffectKind]

/** The requests that a fault affects. A request must match every member. Without members, all requests match. */
export type FaultMatch = Readonly<z.infer<typeof matchSchema>>

/** A fault: the affected requests, the number of affected requests, and the effect. */
export type Fault = {
  readonly match: FaultMatch
  /** The number of affected requests; undefined for any number. */
  readonly times?: number
  readonly then: FaultEffect
}

const faultSchema = z.strictObject({
  match: matchSchema.default({}),
  times: z.int().min(1).max(1_000_000).exactOptional(),
  then: z.looseObject({}),
})

/** The document is not a valid fault. The message names the invalid member, and the server sends the message to the client. */
export class InvalidFaultError extends Error {
  override readonly name = 'InvalidFaultError'
}

/** Parses the document of a fault. @throws InvalidFaultError for an unknown member and an invalid value */
export function parseFault(document: unknown): Fault {
  const { then, ...fault } = parse(faultSchema, document, [])
  const kinds = Object.keys(effects).filter((kind) => Object.hasOwn(then, kind)) as EffectKind[]
  const [kind, ...others] = kinds
  if (kind === undefined || others.length > 0) {
    throw new InvalidFaultError(`then: exactly one of ${Object.keys(effects).join(', ')} is required`)
  }
  return { ...fault, then: parse<FaultEffect>(effects[kind], then, ['then']) }
}

function parse<Value>(schema: z.ZodType<Value>, document: unknown, at: readonly string[]): Value {
  const parsed = schema.safeParse(document)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = [...at, ...(issue?.path ?? [])].join('.') || 'fault'
  throw new InvalidFaultError(`${place}: ${issue?.message ?? 'invalid'}`)
}
