import { type Html, html } from '../html.ts'
import type { Account } from '../sessions.ts'
import { type Carried, carried } from './layout.ts'

/** Who is asked, by which program, and for what. */
type Asked = { readonly account: Account; readonly clientName: string; readonly resource: string }

/** Asks whether it was the person who had a program on their machine sign them in. [RFC 8252 §8.6] */
export function confirmPage(form: Carried, asked: Asked): Html {
  return question(form, asked, {
    text: html`Continue only if you have just started to sign in to <strong>${asked.clientName}</strong> yourself, on
      this computer.`,
  })
}

/** Asks whether an application may act for the person. */
export function consentPage(form: Carried, asked: Asked & { readonly redirectUri: string }): Html {
  return question(form, asked, {
    text: html`<strong>${asked.clientName}</strong> asks for your consent. It will see your name and user name, and can
      act for you:`,
    kind: 'Application',
    more: { 'You return to': new URL(asked.redirectUri).host },
    warning:
      'Accept only if you trust this application. You can remove its access at any time under “Applications” in your account.',
    accept: 'Accept',
  })
}

/** Asks whether the person wants to let a device in. */
export function devicePage(
  form: Carried,
  asked: Asked & { readonly requestedFrom: string; readonly expires: string },
): Html {
  return question(form, asked, {
    text: html`Are you trying to sign in to <strong>${asked.clientName}</strong> on another device? Anyone who uses that
      device will be able to act as you.`,
    more: { 'Requested from': asked.requestedFrom, 'Valid until': asked.expires },
    warning: 'If somebody sent you the code, select Cancel: they would get access to your account.',
  })
}

/** Hands an answer to a client by a form, which a script sends where scripts run. [OAuth 2.0 Form Post Response Mode §2] */
export function formPostPage(redirectUri: string, parameters: Readonly<Record<string, string>>): Html {
  return html`<p>Press the button to continue.</p>
    <form method="post" action="${redirectUri}">
      ${Object.entries(parameters).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <div class="actions"><button class="primary" type="submit">Continue</button></div>
    </form>`
}

type Question = {
  readonly text: Html
  readonly kind?: string
  /** What else there is to know before an answer. */
  readonly more?: Readonly<Record<string, string>>
  readonly warning?: string
  readonly accept?: string
}

function question(
  form: Carried,
  { account: { user }, clientName, resource }: Asked,
  { text, kind = 'Program', more = {}, warning, accept = 'Continue' }: Question,
): Html {
  const details = { [kind]: clientName, 'Access to': resource, ...more }
  return html`<p>${text}</p>
    <dl>
      <dt>Account</dt>
      <dd>${user.displayName}<br />${user.userPrincipalName}</dd>
      ${Object.entries(details).map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${warning !== undefined && html`<p class="quiet">${warning}</p>`}
    <form method="post" action="/sign-in/answer">
      ${carried(form)}
      <div class="actions">
        <button class="primary" type="submit" name="decision" value="accept">${accept}</button>
        <button type="submit" name="decision" value="refuse">Cancel</button>
      </div>
    </form>`
}
