import type { FastifyReply, FastifyRequest } from 'fastify'
import { AuthenticationRefusedError } from '../credentials/index.ts'
import { EntraError } from '../identity/index.ts'
import { clientStatusOf } from '../platform/http/app.ts'
import { BusyError } from '../platform/limits/fair-queue.ts'
import { outageOf } from '../platform/process/outage.ts'
import { PageError, type PageErrorKind, SignInNeeded } from './errors.ts'
import { html } from './html.ts'
import { type Site, goTo, sendPage } from './site.ts'

/** Renders whatever a page threw: a page that tells what happened, and by which number an owner finds it in the log. */
export async function renderPageError(
  site: Site,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (thrown instanceof SignInNeeded)
    return goTo(reply, `/sign-in?flow=${site.flows.write(thrown.browser, thrown.flow)}`)
  const { status, title, message, number } = describe(thrown)
  if (thrown instanceof BusyError) reply.header('retry-after', String(thrown.retryAfterSeconds))
  const outage = outageOf(thrown)
  if (outage !== undefined) reply.header('retry-after', String(outage.retryAfterSeconds))
  if (status >= 500) site.log.error({ id: request.id, err: thrown }, 'a page failed')
  const body = html`<p class="error" role="alert">${message}</p>
    <dl class="quiet">
      ${
        number !== undefined &&
        html`<dt>Error code</dt>
          <dd>${number}</dd>`
      }
      <dt>Correlation id</dt>
      <dd>${request.id}</dd>
      <dt>Time</dt>
      <dd>${new Date(site.clock.now()).toISOString()}</dd>
    </dl>
    <div class="actions">
      <a class="button" href="${wayOn(thrown)}"
        >${wayOn(thrown) === '/devicelogin' ? 'Enter another code' : 'Go to your account'}</a
      >
    </div>`
  return sendPage(site, reply, { title, body, status, hasError: true })
}

/** Every error page has a link: to enter another code, or to the account. */
function wayOn(thrown: unknown): '/devicelogin' | '/account/security' {
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
    return { status, title: 'We cannot sign you in', message, number }
  }
  if (thrown instanceof AuthenticationRefusedError)
    return new PageError(proofRefusals[thrown.refusal], { cause: thrown })
  if (thrown instanceof BusyError) return new PageError('throttled', { cause: thrown })
  const outage = outageOf(thrown)
  if (outage !== undefined)
    return new PageError(outage.kind === 'disk-full' ? 'diskFull' : 'databaseBusy', { cause: thrown })
  return new PageError(clientStatusOf(thrown) === undefined ? 'internal' : 'malformed', { cause: thrown })
}

const proofRefusals: Readonly<Record<AuthenticationRefusedError['refusal'], PageErrorKind>> = {
  disabled: 'disabled',
  outdated: 'outdated',
  'must-change-password': 'outdated',
  'second-factor': 'outdated',
  'second-factor-enrolment': 'outdated',
}
