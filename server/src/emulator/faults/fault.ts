import { z } from 'zod'
import { requestSurfaces } from '../records/request-facts.ts'

/** The longest delay of a response. The server disconnects a client after 120 seconds without a byte. */
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

/** What happens to a request: one of the effects. */
export type FaultEffect = { readonly [Kind in EffectKind]: Readonly<z.infer<(typeof effects)[Kind]>> }[EffectKind]

/** Which requests a fault affects. Every member must match; without members, all requests match. */
export type FaultMatch = Readonly<z.infer<typeof matchSchema>>

/** A fault: the requests that it affects, how often, and what happens to them. */
export type Fault = {
  readonly match: FaultMatch
  /** Undefined for any number of requests. */
  readonly times?: number
  readonly then: FaultEffect
}

const faultSchema = z.strictObject({
  match: matchSchema.default({}),
  times: z.int().min(1).max(1_000_000).exactOptional(),
  then: z.looseObject({}),
})

/** The document is no fault. The message names the member, and is for the client. */
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
