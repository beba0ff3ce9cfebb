import type { IncomingMessage } from 'node:http'
import type { HTTPMethods } from 'fastify'
import type { Audit } from '../audit/index.ts'
import type { Origin } from '../platform/http/app.ts'
import { readForm } from '../platform/http/form-body.ts'
import type { RawExchange, RawSurface } from '../platform/http/raw-surface.ts'
import { discardRest, endAnswer } from '../platform/http/unread-body.ts'
import type { Log } from '../platform/log.ts'
import type { Registry, Resources } from '../resources/index.ts'
import type { Form } from '../spec/form.ts'
import { admitsAddress } from '../spec/network-rules.ts'
import { TokenError, describeError } from './errors.ts'
import { networkRefusal } from './refusals.ts'
import type { TokenRoute } from './routes.ts'

type DispatchOptions = {
  readonly routes: readonly TokenRoute[]
  readonly resources: Resources
  readonly audit: Audit
  readonly log: Log
}

/** All of them, so that what has no row is this surface's "not found". */
const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

const noForm: Form = new Map()

/** `/oauth2/*` as a raw surface: which row, whose host, the form, the handler, in this order. */
export function createTokenSurface({ routes, resources, audit, log }: DispatchOptions): RawSurface {
  const rows = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))

  function requireRow({ method = '' }: IncomingMessage, path: string): TokenRoute {
    const row = rows.get(`${method} ${path}`) ?? rows.get(`${method} ${plainPath(path)}`)
    if (row === undefined) throw new TokenError('NOT_FOUND', 'nothing is served at this path')
    return row
  }

  async function refuseAddress({ loginServer: target }: Registry, origin: Origin): Promise<never> {
    const actor = { kind: 'claimed', id: '' } as const
    await audit.append({ action: 'token.access', outcome: 'refused', actor, target, reason: 'network-rule', origin })
    throw new TokenError('DENIED', networkRefusal(origin.remoteAddress))
  }

  // Nothing is awaited that is there already: a token is a matter of microseconds.
  async function serve({ request, response, origin, commonHeaders }: RawExchange): Promise<void> {
    const { url = '', headers } = request
    const queryAt = url.indexOf('?')
    const row = requireRow(request, queryAt === -1 ? url : url.slice(0, queryAt))
    // The header itself, as the registry reads it: no proxy may say which registry is meant.
    const hosted = resources.findRegistryByHost(headers.host)
    const registry = hosted instanceof Promise ? await hosted : hosted
    if (registry === undefined) throw new TokenError('NAME_UNKNOWN', 'no registry is served under this host name')
    if (!admitsAddress(registry, origin.remoteAddress)) await refuseAddress(registry, origin)
    const query = queryAt === -1 ? '' : url.slice(queryAt + 1)
    const form = row.method === 'POST' ? await readForm(request) : noForm
    const document = await row.handle({ request, registry, origin, query, form })
    const caching = row.need === 'public' ? [] : notStored
    const text = `${JSON.stringify(document)}\n`
    response.writeHead(200, [...commonHeaders, ...caching, ...jsonOf(text)])
    response.end(text)
  }

  function fail({ request, response, origin, commonHeaders }: RawExchange, error: unknown): void {
    // Half an answer cannot be taken back, and nobody reads the answer to a request that broke off.
    if (response.headersSent || response.destroyed) {
      response.destroy()
      return
    }
    const { code, status, message, challenge } = describeError(error)
    if (status >= 500) log.error({ err: error, id: origin.correlationId }, 'a token request failed')
    const text = `${JSON.stringify({ errors: [{ code, message, detail: null }] })}\n`
    response.writeHead(status, [
      ...commonHeaders,
      ...(challenge === undefined ? [] : ['www-authenticate', challenge]),
      ...notStored,
      ...jsonOf(text),
    ])
    endAnswer(request, response, text)
    discardRest(request)
  }

  return {
    paths: ['/oauth2'],
    methods,
    handle: (exchange) => {
      serve(exchange).catch((error: unknown) => fail(exchange, error))
    },
  }
}

const notStored = ['cache-control', 'no-store']

function jsonOf(text: string): string[] {
  return ['content-type', 'application/json; charset=utf-8', 'content-length', String(Buffer.byteLength(text))]
}

/** A path in the spelling of the table: case, doubled slashes, one at the end and percent signs make no difference. */
function plainPath(path: string): string {
  try {
    return decodeURIComponent(path).toLowerCase().replaceAll(/\/+/g, '/').replace(/\/$/, '')
  } catch {
    return ''
  }
}
