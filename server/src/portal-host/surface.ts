import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { clientStatusOf } from '../platform/http/app.ts'
import { mountRaw, requestListener } from '../platform/http/raw-surface.ts'
import { type Call, type Route, mountSurface } from '../platform/http/surface.ts'
import { outageOf } from '../platform/process/outage.ts'
import { apiPath } from './api/api-target.ts'
import { createApiSurface } from './api/api-surface.ts'
import type { Context } from './sessions/context.ts'
import { PortalError } from './sessions/errors.ts'
import { sendDocument } from './files/send-document.ts'
import { sendPortalFile } from './files/send-file.ts'
import { dispatchedMethods, pageRows, sessionRows } from './routes.ts'
import { isOwnHost } from './sessions/own-host.ts'
import { portalPath } from './sessions/return-path.ts'
import { completeSignIn, startSignIn } from './sessions/sign-in.ts'

type PageCall = Call<undefined>
type PageId = (typeof pageRows)[number]['id']

/** Adds the portal to the application. */
export function mountPortal(app: FastifyInstance, context: Context): void {
  mountSurface(app, {
    name: 'portal',
    routes: pageRows.map((row): Route<'public', undefined> => ({
      ...row,
      path: row.path.replace('{file}', '*'),
      handle: (call) => handlers[row.id](context, call),
    })),
    territory: [],
    authority: context.database,
    authorize: (_need, request) => requireOwnHost(context, request),
    renderError: (error, request, reply) => renderError(context, error, request, reply),
    notFound: () => new PortalError('notFound'),
  })
  // The API is created at the first request, when every surface is mounted.
  let listener: ReturnType<typeof requestListener> | undefined
  const handleApi = createApiSurface(context, {
    endpoints: sessionRows,
    budgets: app.callerBudgets,
    methods: dispatchedMethods,
    dispatch: (request, response) => {
      listener ??= requestListener(app)
      listener(request, response)
    },
  })
  mountRaw(app, { name: 'portal', paths: [apiPath], methods: dispatchedMethods, handle: handleApi })
}

const handlers: Readonly<Record<PageId, (context: Context, call: PageCall) => unknown>> = {
  'portal.root': (_context, { reply }) =>
    reply.code(302).header('cache-control', 'no-store').header('location', portalPath).send(),
  'portal.signIn': startSignIn,
  'portal.signedIn': completeSignIn,
  'portal.page.get': sendFile,
  'portal.page.head': sendFile,
  'portal.file.get': sendFile,
  'portal.file.head': sendFile,
  'portal.docs.get': sendDoc,
  'portal.docs.head': sendDoc,
  'portal.doc.get': sendDoc,
  'portal.doc.head': sendDoc,
}

function sendDoc({ documents }: Context, { request, reply, params }: PageCall): FastifyReply {
  return sendDocument(documents, params['*'] ?? '', request, reply)
}

function sendFile({ files }: Context, { request, reply, params }: PageCall): FastifyReply {
  const sent = sendPortalFile(files, params['*'] ?? '', request, reply)
  if (sent === undefined) throw new PortalError('notFound')
  return sent
}

/** Cookies belong to one host, and the hosts of registries serve content that users have pushed. */
async function requireOwnHost({ publicOrigin }: Context, { host }: FastifyRequest): Promise<undefined> {
  if (isOwnHost(publicOrigin, host)) return
  throw new PortalError('notFound', `There is no endpoint at this path. The portal is at ${publicOrigin}${portalPath}.`)
}

function renderError({ log }: Context, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const outage = outageOf(error)
  if (outage !== undefined) {
    const body = { error: { code: 'ServiceUnavailable', message: outage.message } }
    return reply.code(outage.status).header('retry-after', String(outage.retryAfterSeconds)).send(body)
  }
  if (error instanceof PortalError) return reply.code(error.status).send(error.body)
  const status = clientStatusOf(error)
  if (status === undefined) log.error({ id: request.id, err: error }, 'a request of the portal failed')
  return reply.code(status ?? 500).send(new PortalError('failed').body)
}
