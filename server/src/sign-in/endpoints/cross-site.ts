import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import type { PageCall } from '../flow/page-call.ts'
import { redirectTo } from '../flow/send-page.ts'

/** The maximum length of a query. A longer request would not fit into the addresses of our pages. */
export const maxQueryLength = 6000

/**
 * Accepts a request in a form of another site. The browser sends no cookies with such a form, so it is redirected to the same
 * path without a form.
 */
export async function redirectWithoutForm(
  { request, reply, params }: PageCall,
  version: '1.0' | '2.0',
  endpoint: 'authorize' | 'logout',
): Promise<FastifyReply> {
  const fields = request.body instanceof Map ? (request.body as Form) : new Map<string, string[]>()
  const pairs = [...fields].flatMap(([name, values]) => values.map((value) => [name, value] as [string, string]))
  // Encoding only makes text longer. Checking first avoids the encoding of a large body, which is slow.
  if (pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > maxQueryLength) {
    throw new PageError('malformed')
  }
  const text = new URLSearchParams(pairs).toString()
  if (text.length > maxQueryLength) throw new PageError('malformed')
  const path = version === '2.0' ? `oauth2/v2.0/${endpoint}` : `oauth2/${endpoint}`
  return redirectTo(reply, `/${encodeURIComponent(params['tenant'] ?? '')}/${path}?${text}`)
}
