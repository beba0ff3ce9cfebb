import { z } from 'zod'
import type { Context } from './context.ts'
import { invalidRequest } from './errors.ts'
import type { Route } from './route.ts'

const claims = z.strictObject({
  subject: z.string().min(1).max(600),
  issuer: z
    .url({ protocol: /^https$/ })
    .max(600)
    .optional(),
  audience: z.string().min(1).max(600).optional(),
})

/** The routes of tokens that external issuers would issue. */
export const workloadRoutes: readonly Route<Context>[] = [
  {
    id: 'issueWorkloadToken',
    method: 'POST',
    path: '/_acrux/workload-tokens',
    body: 'text',
    handle: ({ workloads }, { text }) => ({ status: 201, json: { token: workloads.issue(parseClaims(text)) } }),
  },
]

function parseClaims(text: string): z.infer<typeof claims> {
  try {
    return claims.parse(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof z.ZodError) && !(error instanceof SyntaxError)) throw error
    throw invalidRequest(
      "Send a JSON object with 'subject' and, optionally, 'issuer' (an HTTPS URL) and 'audience'.",
      error,
    )
  }
}
