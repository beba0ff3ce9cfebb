import { CommandFailure } from '../../framework/command/failure.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { isRecord } from '../../framework/values/record.ts'
import { type Page, allItems } from '../http/follow-pages.ts'
import { type HttpResponse, jsonOf } from '../http/http.ts'
import type { Account } from '../session/account.ts'
import type { Freshness } from '../tokens/sign-in-tokens.ts'

/** ARM or Graph answered with an error. As in az, the exit code is 3 if a resource does not exist. */
export class ApiError extends CommandFailure {
  override readonly name = 'ApiError'
  readonly status: number
  /** The code of the error, such as `ResourceNotFound`. */
  readonly code: string

  constructor(status: number, code: string, message: string, nextStep: string | undefined) {
    super(terminalText(message), status === 404 ? 3 : 1, nextStep)
    this.status = status
    this.code = code
  }
}

/** A request to ARM. */
type ArmRequest = {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
  /** A path with its query, or a URL of the same server. */
  readonly url: string
  readonly body?: object
}

/**
 * Sends a request to ARM and returns the JSON of the response; undefined if the response has no body. @throws ApiError
 */
export async function askArm(account: Account, request: ArmRequest): Promise<unknown> {
  return ask(account, account.cloud.endpoints.resourceManager, account.armToken, request)
}

/** Sends a request to Graph, such as `/v1.0/users`. @throws ApiError @public */
export async function askGraph(account: Account, request: ArmRequest): Promise<unknown> {
  return ask(account, account.cloud.endpoints['microsoftGraphResourceId'] ?? '', account.graphToken, request)
}

/** Gets all pages of a list of ARM. @throws ApiError, or CommandFailure if the list has too many pages */
export async function listArm(account: Account, url: string): Promise<readonly unknown[]> {
  return allItems(url, async (link) => armPage(await askArm(account, { method: 'GET', url: link })))
}

/** A page of a list of ARM. The host of the link is ignored, so that the token is sent to no other server. */
export function armPage(response: unknown): Page {
  const { value, nextLink } = isRecord(response) ? response : {}
  return {
    items: Array.isArray(value) ? (value as unknown[]) : [],
    next: typeof nextLink === 'string' ? pathOf(nextLink) : undefined,
  }
}

/** The path and query of a link. */
export function pathOf(link: string): string {
  const { pathname, search } = new URL(link, 'https://localhost')
  return `${pathname}${search}`
}

async function ask(
  account: Account,
  base: string,
  tokenOf: (freshness: Freshness) => Promise<string>,
  { method, url, body }: ArmRequest,
): Promise<unknown> {
  const send = async (freshness: Freshness) =>
    account.http.send({
      method,
      url: `${base.replace(/\/+$/, '')}${pathOf(url)}`,
      headers: {
        authorization: `Bearer ${await tokenOf(freshness)}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const first = await send({})
  // A stored token may have been revoked, or its signing key withdrawn.
  const response = first.status === 401 ? await send({ isFresh: true }) : first
  if (response.status >= 400) throw apiError(response)
  return response.body.length === 0 ? undefined : jsonOf(response)
}

function apiError(response: HttpResponse): ApiError {
  const { status, correlationId } = response
  const body = jsonOf(response)
  const error = isRecord(body) && isRecord(body['error']) ? body['error'] : {}
  const code = typeof error['code'] === 'string' ? error['code'] : `status ${status}`
  const message = typeof error['message'] === 'string' ? error['message'] : 'the server gave no reason'
  const id = correlationId === undefined ? undefined : `the correlation id of the request is ${correlationId}`
  return new ApiError(status, code, `(${code}) ${message}`, id)
}
