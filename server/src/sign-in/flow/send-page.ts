import type { FastifyReply } from 'fastify'
import { parseCookies } from '../../platform/http/cookies.ts'
import type { HtmlValue } from '../pages/html.ts'
import { type Layout, parseTheme, renderPage } from '../pages/layout.ts'
import { type PagePolicy, pageHeaders } from '../pages/page-headers.ts'
import type { Context } from './context.ts'

export type Page = Omit<Layout, 'tenantName' | 'publicOrigin' | 'theme'> & {
  readonly body: HtmlValue
  /** Default: 200. */
  readonly status?: number | undefined
  readonly redirectUri?: PagePolicy['redirectUri']
}

/** The theme that the person chose in the portal, whose script writes the cookie. */
const themeCookie = 'acrux-theme'

/** Sends a page with the headers that every page has. */
export async function sendPage(context: Context, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  const { publicOrigin, directory } = context
  const { status = 200, body, redirectUri, ...layout } = page
  const tenantName = (await directory.tenant()).displayName
  const theme = parseTheme(parseCookies(reply.request.headers.cookie).get(themeCookie))
  return reply
    .code(status)
    .headers(pageHeaders(publicOrigin, { redirectUri, script: layout.script }))
    .send(renderPage({ ...layout, tenantName, publicOrigin, theme }, body))
}

/** Redirects the browser to a page of this server. `path` must never come from a request. */
export function redirectTo(reply: FastifyReply, path: `/${string}`): FastifyReply {
  return reply.code(303).header('cache-control', 'no-store').header('location', path).send()
}
