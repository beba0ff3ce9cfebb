import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { acceptForms } from '../platform/http/form-body.ts'
import { type Call, type Route, mountSurface } from '../platform/http/surface.ts'
import { withoutDefaultPort } from '@acrux/shared/standards/azure/login-server.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import type { Context } from './flow/context.ts'
import { renderPageError } from './flow/error-page.ts'
import { PageError } from './flow/errors.ts'
import { type PageCall, readField } from './flow/page-call.ts'
import type { Asset } from './pages/assets.ts'
import { type PageNeed, type PageRow, rows } from './routes.ts'
import { isFormToken, isFromOurPage } from './sessions/browser.ts'
import { type Caller, readCaller, sendBrowserCookies } from './sessions/caller.ts'

/** Adds the pages to the application. */
export function mountPages(app: FastifyInstance, context: Context): void {
  mountSurface(
    app,
    {
      name: 'sign-in',
      routes: rows.map((row): Route<PageNeed, Caller> => ({ ...row, handle: (call) => handle(context, row, call) })),
      territory: ['/sign-in/*', '/account/*', '/devicelogin/*', '/sign-out/*'],
      authority: context.database,
      // The handler of a page checks the session itself, because a browser may be signed in to several accounts.
      authorize: (_need, request) => readCaller(request, context),
      renderError: (error, request, reply) => renderPageError(context, error, request, reply),
      notFound: () => new PageError('notFound'),
    },
    acceptForms,
  )
}

async function handle(context: Context, row: PageRow, asked: Call<Caller>): Promise<FastifyReply> {
  const call: PageCall = { ...asked, stepUp: row.stepUp === true }
  const { request, reply, caller } = call
  if (row.method === 'GET' && isOtherHost(context, request)) {
    return reply
      .code(302)
      .header('cache-control', 'no-store')
      .header('location', `${context.publicOrigin}${request.url}`)
      .send()
  }
  if ('asset' in row) return sendAsset(reply, row.asset)
  // The browser sends no cookies with a form of another site. It must not get a new browser cookie, which would replace its own.
  if ('crossSite' in row) return row.crossSite(context, call)
  if ('submit' in row) return row.submit(context, call, requireOwnForm(context, call))
  sendBrowserCookies(reply, context.jar, caller)
  return row.show(context, call)
}

/** Whether the request uses another name of this server. Cookies and passkeys belong to one host, so it is redirected. */
function isOtherHost({ publicOrigin }: Context, { host, url }: FastifyRequest): boolean {
  const own = new URL(String(publicOrigin))
  const requested = withoutDefaultPort(host.toLowerCase(), own.protocol === 'https:' ? 443 : 80)
  return url.startsWith('/') && requested !== own.host
}

/** The form, if it comes from a page that was sent to this browser. @throws PageError */
function requireOwnForm({ publicOrigin }: Context, { request, caller }: PageCall): Form {
  const form = request.body instanceof Map ? (request.body as Form) : undefined
  if (form === undefined) throw new PageError('malformed')
  const isOurs = isFromOurPage(publicOrigin, request.headers) && isFormToken(caller.browser, readField(form, 'token'))
  if (!isOurs) throw new PageError('foreignForm')
  return form
}

function sendAsset(reply: FastifyReply, { contentType, text }: Asset): FastifyReply {
  return reply
    .header('content-type', contentType)
    .header('cache-control', 'public, max-age=31536000, immutable')
    .header('cross-origin-resource-policy', 'same-origin')
    .send(text)
}
