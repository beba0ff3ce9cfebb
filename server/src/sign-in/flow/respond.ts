import type { FastifyReply } from 'fastify'
import type { AuthorizationResponse } from '../../identity/index.ts'
import { assets } from '../pages/assets.ts'
import { formPostPage } from '../pages/answer-pages.ts'
import type { Context } from './context.ts'
import type { PageCall } from './page-call.ts'
import { sendPage } from './send-page.ts'

/** Sends the browser back to the client with the response. */
export async function respond(
  context: Context,
  { reply }: PageCall,
  response: AuthorizationResponse,
): Promise<FastifyReply> {
  const { redirectUri, responseMode, parameters } = response
  if (responseMode === 'form_post') {
    const body = formPostPage(redirectUri, parameters)
    return sendPage(context, reply, { title: 'Continue', body, script: assets.submitScript.path, redirectUri })
  }
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.append(name, value)
  return reply
    .code(303)
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .header('location', url.href)
    .send()
}
