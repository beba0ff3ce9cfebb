import type { FastifyReply } from 'fastify'
import type { OverBudgetError } from '../limits/caller-limits.ts'

/** The body of a response to a caller whose queue is full. */
export const overBudgetBody = {
  error: { code: 'TooManyRequests', message: 'Too many requests of this caller are waiting.' },
} as const

/** Answers a request of a caller whose queue is full. */
export function sendOverBudget({ retryAfterSeconds }: OverBudgetError, reply: FastifyReply): FastifyReply {
  return reply.code(429).header('retry-after', String(retryAfterSeconds)).send(overBudgetBody)
}
