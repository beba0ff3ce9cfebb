import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { parseForm } from '@acrux/shared/standards/http/form.ts'
import { bodyLimitBytes } from './app.ts'
import { BodyTooLargeError, readBody } from './read-body.ts'

/** The error for a body that is a malformed form. The status is a property, as in the framework's errors. */
export class MalformedFormError extends Error {
  override readonly name = 'MalformedFormError'
  readonly statusCode = 400
}

/** The error for a body that is not a form, or is too large. The status is a property, as in the framework's errors. */
export class UnacceptableBodyError extends Error {
  override readonly name = 'UnacceptableBodyError'
  readonly statusCode: 413 | 415

  constructor(statusCode: 413 | 415) {
    super(statusCode === 413 ? `the body is larger than ${bodyLimitBytes} bytes` : 'the body is not a form')
    this.statusCode = statusCode
  }
}

const formType = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

/** Accepts only `application/x-www-form-urlencoded` bodies, and parses them into a `Form`. */
export function acceptForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const form = parseForm(body as string)
    if (form === undefined) done(new MalformedFormError('the form is malformed'))
    else done(null, form)
  })
}

/**
 * Reads the unparsed form of a raw surface's request. Returns an empty text if the request has no body.
 *
 * @throws UnacceptableBodyError; the rest of the body has not been read
 * @throws ClientGoneError
 */
export async function readFormText(request: IncomingMessage): Promise<string> {
  const { 'content-type': type, 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  if (type === undefined && length === '0' && coding === undefined) return ''
  if (type === undefined || !formType.test(type)) throw new UnacceptableBodyError(415)
  try {
    const { buffer } = await readBody(request, bodyLimitBytes)
    return Buffer.from(buffer).toString()
  } catch (error) {
    throw error instanceof BodyTooLargeError ? new UnacceptableBodyError(413) : error
  }
}
