import type { FastifyReply } from 'fastify'
import type { User } from '../../directory/index.ts'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import type { Context } from '../flow/context.ts'
import { flowPath } from '../flow/flow-path.ts'
import { type PageCall, eventOf, readField } from '../flow/page-call.ts'
import { recordAuthentication } from '../flow/record-authentication.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'
import { assets } from '../pages/assets.ts'
import { oneTimeLinkPage } from '../pages/sign-in-pages.ts'
import type { Remaining } from '../sessions/sessions.ts'

/**
 * Shows the page of a one-time link. The code is in the fragment, which browsers do not send: the script of the page fills it
 * in. Opening the page does nothing, so programs that look at links do not use one up.
 */
export function showOneTimeLink(context: Context, call: PageCall): Promise<FastifyReply> {
  return send(context, call)
}

/** Starts the sign-in of the user of a link. It continues as after a temporary password. */
export async function submitOneTimeLink(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  // Without scripts, people paste the whole link.
  const code = readField(form, 'link_code').trim().split('#').at(-1) ?? ''
  const user = await context.credentials.oneTimeLinks.holderOf(code)
  if (user === undefined) {
    // No event is recorded, because anonymous callers could fill the disk. Nobody can guess 256 bits.
    return send(
      context,
      call,
      'This link is not valid. The link has expired, was used, or was replaced. Ask for a new link.',
    )
  }
  const methods = ['pwd']
  const nowMs = context.clock.now()
  const event = eventOf(
    call,
    { user },
    { action: 'sign-in.one-time-link', outcome: 'success', credential: { kind: 'one-time-link' } },
  )
  const remaining = await remainingOf(context, user, methods)
  await recordAuthentication(context, call, { user, methods, authenticatedAtMs: nowMs, remaining }, { event })
  const flow = { kind: 'account', destination: 'security', isFresh: false, startedAtMs: nowMs } as const
  return redirectTo(call.reply, flowPath(context, call.caller, { ...flow, chosen: user.objectId }))
}

async function remainingOf({ credentials }: Context, { objectId }: User, methods: readonly string[]) {
  const due = await credentials.secondFactorDue(objectId, methods)
  const remaining: Remaining[] = due === 'second-factor' ? ['second-factor', 'new-password'] : ['new-password']
  return due === 'enrolment' ? [...remaining, 'enrolment' as const] : remaining
}

function send(context: Context, call: PageCall, problem?: string): Promise<FastifyReply> {
  const hasError = problem !== undefined
  return sendPage(context, call.reply, {
    title: 'Choose a password',
    body: oneTimeLinkPage(call.caller, problem),
    script: assets.oneTimeLinkScript.path,
    status: hasError ? 400 : 200,
    hasError,
  })
}
