import { type Html, html } from '../html.ts'
import type { Account } from '../sessions.ts'
import { type Carried, carried } from './layout.ts'

/** Asks whether it was the person who had a program on their machine sign them in. [RFC 8252 §8.6] */
export function confirmPage(form: Carried, options: { account: Account; clientName: string; resource: string }): Html {
  const { account, clientName, resource } = options
  return html`<p>
      Continue only if you have just started the sign-in of <strong>${clientName}</strong> yourself, on this machine.
    </p>
    <dl>
      ${accountLine(account)}
      <dt>Program</dt>
      <dd>${clientName}</dd>
      <dt>Access to</dt>
      <dd>${resource}</dd>
    </dl>
    ${decision(form, { accept: 'Continue', refuse: 'Cancel' })}`
}

/** Asks whether an application may act for the person. */
export function consentPage(
  form: Carried,
  options: { account: Account; clientName: string; resource: string; redirectUri: string },
): Html {
  const { account, clientName, resource, redirectUri } = options
  return html`<p>
      <strong>${clientName}</strong> asks for your consent. It will know your name and user name, and may act for you:
    </p>
    <dl>
      ${accountLine(account)}
      <dt>Application</dt>
      <dd>${clientName}</dd>
      <dt>Access to</dt>
      <dd>${resource}</dd>
      <dt>You return to</dt>
      <dd>${new URL(redirectUri).host}</dd>
    </dl>
    <p class="quiet">Accept only if you trust it. You are asked once.</p>
    ${decision(form, { accept: 'Accept', refuse: 'Cancel' })}`
}

/** Asks whether the person wants to let a device in. */
export function devicePage(
  form: Carried,
  options: { account: Account; clientName: string; resource: string; requestedFrom: string; expires: string },
): Html {
  const { account, clientName, resource, requestedFrom, expires } = options
  return html`<p>
      Are you trying to sign in to <strong>${clientName}</strong> on another device? Whoever holds that device will act
      as you.
    </p>
    <dl>
      ${accountLine(account)}
      <dt>Program</dt>
      <dd>${clientName}</dd>
      <dt>Access to</dt>
      <dd>${resource}</dd>
      <dt>Asked for from</dt>
      <dd>${requestedFrom}</dd>
      <dt>Valid until</dt>
      <dd>${expires}</dd>
    </dl>
    <p class="quiet">If somebody sent you the code, cancel: they would get into your account.</p>
    ${decision(form, { accept: 'Continue', refuse: 'Cancel' })}`
}

/** Hands an answer to a client by a form, which a script sends where scripts run. [OAuth 2.0 Form Post Response Mode §2] */
export function formPostPage(redirectUri: string, parameters: Readonly<Record<string, string>>): Html {
  return html`<p>Press the button to go on.</p>
    <form method="post" action="${redirectUri}">
      ${Object.entries(parameters).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <div class="actions"><button class="primary" type="submit">Continue</button></div>
    </form>`
}

function accountLine({ user }: Account): Html {
  return html`<dt>Account</dt>
    <dd>${user.displayName}<br />${user.userPrincipalName}</dd>`
}

function decision(form: Carried, { accept, refuse }: { accept: string; refuse: string }): Html {
  return html`<form method="post" action="/sign-in/answer">
    ${carried(form)}
    <div class="actions">
      <button class="primary" type="submit" name="decision" value="accept">${accept}</button>
      <button type="submit" name="decision" value="refuse">${refuse}</button>
    </div>
  </form>`
}
