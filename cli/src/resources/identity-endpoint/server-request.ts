import http from 'node:http'
import https from 'node:https'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { readResponse } from '../../clients/http/read-response.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { exitCodes } from './exit-codes.ts'

/** The response of the server. Its body is JSON. */
export type ServerAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

const maxBodyBytes = 256 * 1024
const timeoutMs = 20_000

/**
 * Posts a form. With `ca`, only this authority is trusted. Redirects are not followed.
 *
 * @throws CommandFailure if the server cannot be reached or the response is invalid
 */
export function postForm(
  url: URL,
  form: Readonly<Record<string, string>>,
  ca: string | undefined,
): Promise<ServerAnswer> {
  const body = new URLSearchParams(form).toString()
  const options = {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      accept: 'application/json',
      'user-agent': 'acrux-identity-endpoint',
    },
    signal: AbortSignal.timeout(timeoutMs),
  }
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(unreachable(url, error))
    const take = (response: http.IncomingMessage) => {
      readAnswer(response).then((read) => resolve({ status: response.statusCode ?? 0, body: read }), fail)
    }
    const request =
      url.protocol === 'https:'
        ? https.request(url, { ...options, agent: false, ...(ca !== undefined && { ca }) }, take)
        : http.request(url, { ...options, agent: false }, take)
    request.on('error', fail)
    request.end(body)
  })
}

async function readAnswer(response: http.IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const value = parseJson((await readResponse(response, maxBodyBytes)).toString('utf8'))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error('the response is not from an Acrux server')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unreachable({ origin }: URL, error: unknown): CommandFailure {
  const reason = plainReason(error)
  return new CommandFailure(
    `the request to the server ${origin} failed: ${reason}`,
    exitCodes.unreachable,
    'check that the server is running and can be reached from this machine; if the server has a private certificate authority, pass this authority with --ca',
    { cause: error },
  )
}
