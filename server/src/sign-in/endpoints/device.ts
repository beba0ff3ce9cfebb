import type { FastifyReply } from 'fastify'
import type { Form } from '@acrux/shared/standards/http/form.ts'
import { PageError } from '../flow/errors.ts'
import type { Flow } from '../flow/flow.ts'
import { html } from '../pages/html.ts'
import { hiddenFields, field } from '../pages/layout.ts'
import type { Context } from '../flow/context.ts'
import { flowPath } from '../flow/flow-path.ts'
import { type PageCall, queryOf, readField } from '../flow/page-call.ts'
import { redirectTo, sendPage } from '../flow/send-page.ts'

const maxUserCodeLength = 32

/** Asks for the code of a device. A code in the address is filled in, but not submitted. */
export function showDeviceLogin(context: Context, call: PageCall): Promise<FastifyReply> {
  const query = new URLSearchParams(queryOf(call))
  const userCode = query.get('user_code') ?? query.get('otc') ?? ''
  return showForm(context, call, userCode.slice(0, maxUserCodeLength))
}

/** Checks the code of a device. */
export async function submitDeviceCode(context: Context, call: PageCall, form: Form): Promise<FastifyReply> {
  const userCode = readField(form, 'user_code').trim().toUpperCase().replaceAll(/[\s-]/g, '')
  if (userCode === '') return showForm(context, call, '', 'Enter the code.')
  const wrong = 'Incorrect or expired code. Check the code that your device shows.'
  if (userCode.length > maxUserCodeLength) {
    await auditRejectedCode(context, call, 'wrong')
    return showForm(context, call, '', wrong)
  }
  const request = await context.protocol.findDeviceRequest(userCode, call.origin.remoteAddress)
  if (request === 'throttled') {
    await auditRejectedCode(context, call, 'throttled')
    throw new PageError('throttled')
  }
  if (request === undefined) {
    await auditRejectedCode(context, call, 'wrong')
    return showForm(context, call, userCode, wrong)
  }
  const flow: Flow = { kind: 'device', userCode, startedAtMs: context.clock.now() }
  return redirectTo(call.reply, flowPath(context, call.caller, flow))
}

/** The event does not contain the code, because a mistyped code is almost a valid one. */
function auditRejectedCode({ audit }: Context, { origin }: PageCall, reason: 'wrong' | 'throttled'): Promise<void> {
  const actor = { kind: 'claimed', id: '' } as const
  return audit.append({ action: 'sign-in.device-code', outcome: 'refused', reason, actor, target: '', origin })
}

/** Shows how the sign-in of a device ended. */
export function showDeviceEnd(end: 'done' | 'declined') {
  return (context: Context, { reply }: PageCall): Promise<FastifyReply> =>
    end === 'done'
      ? sendPage(context, reply, {
          title: 'You have signed in',
          body: html`<p>You can return to your device and close this window.</p>
            <p><a href="/account/sign-ins">View your sign-ins</a></p>`,
        })
      : sendPage(context, reply, {
          title: 'Sign-in cancelled',
          body: html`<p>Your device was not signed in. You can close this window.</p>
            <p><a href="/account/sign-ins">View your sign-ins</a></p>`,
        })
}

function showForm(
  context: Context,
  { reply, caller }: PageCall,
  userCode: string,
  problem?: string,
): Promise<FastifyReply> {
  const body = html`<p>
      Enter the code that your application or device shows. Continue only if you requested the code yourself.
    </p>
    <form method="post" action="/devicelogin" novalidate>
      ${hiddenFields(caller)}
      ${field({
        name: 'user_code',
        label: 'Code',
        type: 'text',
        autocomplete: 'off',
        value: userCode,
        isCode: true,
        error: problem,
        hasFocus: true,
      })}
      <div class="actions"><button class="primary" type="submit">Next</button></div>
    </form>`
  const hasError = problem !== undefined
  return sendPage(context, reply, { title: 'Enter code', body, hasError, status: hasError ? 400 : 200 })
}
