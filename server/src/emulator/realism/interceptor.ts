import type { IncomingMessage } from 'node:http'
import { isGuid, nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { parseAuthorization } from '@acrux/shared/standards/http/authorization-header.ts'
import { parseForm } from '@acrux/shared/standards/http/form.ts'
import type { Interceptor } from '../../platform/http/interceptor.ts'
import type { Clock } from '../../platform/process/clock.ts'
import { newTimeOrderedId } from '../../platform/process/time-ordered-id.ts'
import { type InterceptedExchange, answerError } from '../records/answer-error.ts'
import { bytesAhead, readAhead } from '../records/read-ahead.ts'
import { readRequestFacts } from '../records/request-facts.ts'
import type { IsPending, RealismPorts } from './ports.ts'

type InterceptorOptions = {
  readonly clock: Clock
  readonly isPending: IsPending
  readonly mustDecideAgain: () => boolean
  /** The value is undefined until a server is attached. */
  readonly ports: () => RealismPorts | undefined
  readonly noteSignIn: (objectId: string) => void
}

/**
 * Creates the interceptor of the delays. It rejects requests that read a new resource, or that assign a role to a new principal without its
 * type. When a delay has passed, it makes the server compute decisions about permissions again.
 */
export function createRealismInterceptor(options: InterceptorOptions): Interceptor {
  return (next) => {
    const answer = async (exchange: InterceptedExchange) => {
      const { request, response } = exchange
      if (!(await isAnswered(options, exchange)) && !response.destroyed) next(request, response)
    }
    return (request, response) => {
      const { method = '', url = '', headers } = request
      const facts = readRequestFacts({ method, url, authorization: headers.authorization, form: undefined })
      answer({ request, response, facts }).catch(() => response.destroy())
    }
  }
}

/** Returns true if the interceptor answered the request. Otherwise the server can answer the request. */
async function isAnswered(options: InterceptorOptions, exchange: InterceptedExchange): Promise<boolean> {
  const { surface } = exchange.facts
  if (surface === 'arm' && (await answerNew(options, exchange))) return true
  if (surface === 'token' || surface === 'registry') await noteSignIn(options, exchange.request)
  if (options.mustDecideAgain()) await options.ports()?.decideAgain()
  return false
}

async function answerNew(options: InterceptorOptions, exchange: InterceptedExchange): Promise<boolean> {
  const { method, path } = exchange.facts
  if (method === 'GET' || method === 'HEAD') return answerNewResource(options, exchange)
  const isAssignment = method === 'PUT' && /\/providers\/Microsoft\.Authorization\/roleAssignments\//i.test(path)
  return isAssignment && answerNewPrincipal(options, exchange)
}

function answerNewResource({ isPending, clock }: InterceptorOptions, exchange: InterceptedExchange): boolean {
  const id = exchange.facts.path.replace(/\/$/, '')
  if (!isPending('resource', id)) return false
  const [, group] = /\/resourceGroups\/([^/]+)$/i.exec(id) ?? []
  const error =
    group === undefined
      ? { code: 'ResourceNotFound', message: `The Resource '${id}' was not found.` }
      : { code: 'ResourceGroupNotFound', message: `Resource group '${group}' could not be found.` }
  answerError(exchange, newTimeOrderedId(clock.now()), { status: 404, body: { error } })
  return true
}

async function answerNewPrincipal(
  { isPending, ports, clock }: InterceptorOptions,
  exchange: InterceptedExchange,
): Promise<boolean> {
  const { principalId, principalType } = await readAssignee(exchange.request)
  if (typeof principalId !== 'string' || typeof principalType === 'string') return false
  if (!isPending('principal', principalId)) return false
  const tenant = await ports()?.directory.tenant()
  const message =
    `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${tenant?.tenantId ?? ''}. ` +
    'If the principal was just created, set principalType to User, Group or ServicePrincipal.'
  const error = { code: 'PrincipalNotFound', message }
  answerError(exchange, newTimeOrderedId(clock.now()), { status: 400, body: { error } })
  return true
}

async function readAssignee(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const size = bytesAhead(request, 'json')
  const text = size === undefined ? undefined : await readAhead(request, size)
  try {
    const { properties } = JSON.parse(text ?? '{}') as { readonly properties?: Readonly<Record<string, unknown>> }
    return properties ?? {}
  } catch {
    return {}
  }
}

/** A request with the secret of a service principal counts as a separate sign-in. */
async function noteSignIn(options: InterceptorOptions, request: IncomingMessage): Promise<void> {
  const username = await readUserName(request)
  if (!isGuid(username) || username === nullGuid) return
  const found = await options.ports()?.directory.findServicePrincipalByAppId(username)
  if (found !== undefined) options.noteSignIn(found.objectId)
}

async function readUserName(request: IncomingMessage): Promise<string | undefined> {
  const header = parseAuthorization(request.headers.authorization)
  if (header.scheme === 'basic') return header.username
  const size = bytesAhead(request, 'form')
  const form = size === undefined ? undefined : await readAhead(request, size)
  return form === undefined ? undefined : parseForm(form)?.get('username')?.[0]
}
