import type { FastifyReply } from 'fastify'
import type { Form } from '../standards/http/form.ts'
import { PageError } from './errors.ts'
import type { Flow } from './flow.ts'
import { html } from './html.ts'
import { carried, field } from './pages/layout.ts'
import { type PageCall, type Site, flowPath, goTo, queryText, sendPage, textOf } from './site.ts'

const longestUserCode = 32

/** Asks for the code that a device shows. A code in the address is only filled in: the person has to send it. */
export function showDeviceLogin(site: Site, call: PageCall): Promise<FastifyReply> {
  const query = new URLSearchParams(queryText(call))
  const userCode = query.get('user_code') ?? query.get('otc') ?? ''
  return showForm(site, call, userCode.slice(0, longestUserCode))
}

/** Takes the code of a device. */
export async function submitDeviceCode(site: Site, call: PageCall, form: Form): Promise<FastifyReply> {
  const userCode = textOf(form, 'user_code').trim().toUpperCase().replaceAll(/[\s-]/g, '')
  if (userCode === '') return showForm(site, call, '', 'Enter the code.')
  const wrong = 'Incorrect or expired code. Check the code that your device shows.'
  if (userCode.length > longestUserCode) {
    await tellOfRefusal(site, call, 'wrong')
    return showForm(site, call, '', wrong)
  }
  const request = await site.protocol.findDeviceRequest(userCode, call.origin.remoteAddress)
  if (request === 'throttled') {
    await tellOfRefusal(site, call, 'throttled')
    throw new PageError('throttled')
  }
  if (request === undefined) {
    await tellOfRefusal(site, call, 'wrong')
    return showForm(site, call, userCode, wrong)
  }
  const flow: Flow = { kind: 'device', userCode, startedAtMs: site.clock.now() }
  return goTo(call.reply, flowPath(site, call.caller, flow))
}

/** The code itself is not written down: mistyped by one letter, it is nearly that of somebody's device. */
function tellOfRefusal({ audit }: Site, { origin }: PageCall, reason: 'wrong' | 'throttled'): Promise<void> {
  const actor = { kind: 'claimed', id: '' } as const
  return audit.append({ action: 'sign-in.device-code', outcome: 'refused', reason, actor, target: '', origin })
}

/** Tells how the sign-in of a device ended. */
export function showDeviceEnd(end: 'done' | 'declined') {
  return (site: Site, { reply }: PageCall): Promise<FastifyReply> =>
    end === 'done'
      ? sendPage(site, reply, {
          title: 'You have signed in',
          body: html`<p>You can return to your device and close this window.</p>
            <p><a href="/account/sign-ins">Show my sign-ins</a></p>`,
        })
      : sendPage(site, reply, {
          title: 'Sign-in cancelled',
          body: html`<p>The device was not signed in. You can close this window.</p>
            <p><a href="/account/sign-ins">Show my sign-ins</a></p>`,
        })
}

function showForm(site: Site, { reply, caller }: PageCall, userCode: string, problem?: string): Promise<FastifyReply> {
  const body = html`<p>
      Enter the code that your program or device shows. Enter a code only if you requested it yourself.
    </p>
    <form method="post" action="/devicelogin" novalidate>
      ${carried(caller)}
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
  return sendPage(site, reply, { title: 'Enter code', body, hasError, status: hasError ? 400 : 200 })
}
