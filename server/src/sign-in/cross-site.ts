import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import { type PageCall, goTo } from './site.ts'

/** Longer requests would not fit into the addresses of our own pages. */
export const longestQuery = 6000

/**
 * Takes a request of another site's form. The browser withholds its cookies from that, so it is sent on to the same place
 * without a form, where it has them.
 */
export async function goOnWithoutForm(
  { request, reply, params }: PageCall,
  version: '1.0' | '2.0',
  endpoint: 'authorize' | 'logout',
): Promise<FastifyReply> {
  const fields = request.body instanceof Map ? (request.body as Form) : new Map<string, string[]>()
  const pairs = [...fields].flatMap(([name, values]) => values.map((value) => [name, value] as [string, string]))
  // Text only gets longer when it is encoded, which takes long for a body of a megabyte.
  if (pairs.reduce((sum, [name, value]) => sum + name.length + value.length, 0) > longestQuery) {
    throw new PageError('malformed')
  }
  const text = new URLSearchParams(pairs).toString()
  if (text.length > longestQuery) throw new PageError('malformed')
  const path = version === '2.0' ? `oauth2/v2.0/${endpoint}` : `oauth2/${endpoint}`
  return goTo(reply, `/${encodeURIComponent(params['tenant'] ?? '')}/${path}?${text}`)
}
