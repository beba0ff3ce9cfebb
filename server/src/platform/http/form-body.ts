import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { parseForm } from '../../standards/http/form.ts'
import { bodyLimitBytes } from './app.ts'

/** A body that claims to be a form and is none. It carries its status as the framework's errors do. */
export class MalformedFormError extends Error {
  override readonly name = 'MalformedFormError'
  readonly statusCode = 400
}

/** A body that is no form, or more than is read into memory. It carries its status as the framework's errors do. */
export class UnacceptableBodyError extends Error {
  override readonly name = 'UnacceptableBodyError'
  readonly statusCode: 413 | 415

  constructor(statusCode: 413 | 415) {
    super(statusCode === 413 ? `the body is larger than ${bodyLimitBytes} bytes` : 'the body is no form')
    this.statusCode = statusCode
  }
}

const formType = /^application\/x-www-form-urlencoded\s*(?:;|$)/i

/** Makes `application/x-www-form-urlencoded` bodies arrive as a `Form`, and no other body at all. */
export function acceptForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const form = parseForm(body as string)
    if (form === undefined) done(new MalformedFormError('the form is malformed'))
    else done(null, form)
  })
}

/**
 * Reads the form of a raw surface's request, as it was sent; a request without a body has an empty one.
 *
 * @throws UnacceptableBodyError, and what broke the connection off; after either there may be more of the body to come
 */
export async function readFormText(request: IncomingMessage): Promise<string> {
  const { 'content-type': type, 'content-length': length = '0', 'transfer-encoding': coding } = request.headers
  if (type === undefined && length === '0' && coding === undefined) return ''
  if (type === undefined || !formType.test(type)) throw new UnacceptableBodyError(415)
  if (Number(length) > bodyLimitBytes) throw new UnacceptableBodyError(413)
  return (await readWhole(request)).toString()
}

function readWhole(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= bodyLimitBytes) {
        chunks.push(chunk)
        return
      }
      chunks.length = 0
      reject(new UnacceptableBodyError(413))
    })
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => reject(new Error('the connection broke off')))
  })
}
