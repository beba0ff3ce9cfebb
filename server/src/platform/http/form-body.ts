import type { FastifyInstance } from 'fastify'
import { parseForm } from '../../spec/form.ts'

/** A body that claims to be a form and is none. */
export class MalformedFormError extends Error {
  override readonly name = 'MalformedFormError'
}

/** Makes `application/x-www-form-urlencoded` bodies arrive as a `Form`, and no other body at all. */
export function acceptForms(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    const form = parseForm(body as string)
    if (form === undefined) done(new MalformedFormError('the form is malformed'))
    else done(null, form)
  })
}
