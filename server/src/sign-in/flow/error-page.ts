import type { FastifyReply, FastifyRequest } from 'fastify'
import { EntraError } from '../../identity/index.ts'
import { clientStatusOf } from '../../platform/http/app.ts'
import { BusyError } from '../../platform/limits/fair-queue.ts'
import { outageOf } from '../../platform/process/outage.ts'
import { PageError, type PageErrorKind, SignInRequired } from './errors.ts'
import { html } from '../pages/html.ts'
import type { Context } from './context.ts'
import { redirectTo, sendPage } from './send-page.ts'
import { AuthenticationRejectedError } from '../../credentials/index.ts'

/** Renders an error as a page, with its Entra number and the correlation ID under which it is logged. */
export async function renderPageError(
  context: Context,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (thrown instanceof SignInRequired)
    return redirectTo(reply, `/sign-in?flow=${context.flows.write(thrown.browser, thrown.flow)}`)
  const { status, title, message, number } = describe(thrown)
  if (thrown instanceof BusyError) reply.header('retry-after', String(thrown.retryAfterSeconds))
  const outage = outageOf(thrown)
  if (outage !== undefined) reply.header('retry-after', String(outage.retryAfterSeconds))
  if (status >= 500) context.log.error({ id: request.id, err: thrown }, 'a page failed')
  const body = html`<p class="error" role="alert">${message}</p>
    <dl class="quiet">
      ${
        number !== undefined &&
        html`<dt>Error code</dt>
          <dd>${number}</dd>`
      }
      <dt>Correlation ID</dt>
      <dd>${request.id}</dd>
      <dt>Time</dt>
      <dd>${new Date(context.clock.now()).toISOString()}</dd>
    </dl>
    <div class="actions">
      <a class="button" href="${nextLinkOf(thrown)}"
        >${nextLinkOf(thrown) === '/devicelogin' ? 'Enter another code' : 'Go to your account'}</a
      >
    </div>`
  return sendPage(context, reply, { title, body, status, hasError: true })
}

/** The link of the error page. */
function nextLinkOf(thrown: unknown): '/devicelogin' | '/account/security' {
  return thrown instanceof PageError && thrown.kind === 'deviceEnded' ? '/devicelogin' : '/account/security'
}

type Described = {
  readonly status: number
  readonly title: string
  readonly message: string
  readonly number: number | undefined
}

function describe(thrown: unknown): Described {
  if (thrown instanceof PageError) return thrown
  if (thrown instanceof EntraError) {
    const { status, message, number } = thrown
    return { status, title: 'We can’t sign you in', message, number }
  }
  if (thrown instanceof AuthenticationRejectedError)
    return new PageError(pageErrorKinds[thrown.rejection], { cause: thrown })
  if (thrown instanceof BusyError) return new PageError('throttled', { cause: thrown })
  const outage = outageOf(thrown)
  if (outage !== undefined)
    return new PageError(outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy', { cause: thrown })
  return new PageError(clientStatusOf(thrown) === undefined ? 'internal' : 'malformed', { cause: thrown })
}

const pageErrorKinds: Readonly<Record<AuthenticationRejectedError['rejection'], PageErrorKind>> = {
  disabled: 'disabled',
  outdated: 'outdated',
  'must-change-password': 'outdated',
  'second-factor': 'outdated',
  'second-factor-enrolment': 'outdated',
}
