import { type Html, html } from './html.ts'
import type { User } from '../../directory/index.ts'
import { type HiddenFields, hiddenFields } from './layout.ts'

/** The user, the client that requests the sign-in, and the resource to which it gets access. */
type Subject = {
  readonly account: { readonly user: Pick<User, 'displayName' | 'userPrincipalName'> }
  readonly clientName: string
  readonly resource: string
}

/** Asks whether the person started the sign-in of an application on their computer. [RFC 8252 §8.6] */
export function confirmPage(form: HiddenFields, subject: Subject): Html {
  return question(form, subject, {
    text: html`Continue only if you just started this sign-in to <strong>${subject.clientName}</strong> on this
      computer.`,
  })
}

/** Asks for consent that an application may act for the person. */
export function consentPage(
  form: HiddenFields,
  subject: Subject & { readonly redirectUri: string; readonly maxSignInDays: number },
): Html {
  return question(form, subject, {
    text: html`<strong>${subject.clientName}</strong> requests your consent. The application will see your name and user
      name, and can act on your behalf.`,
    more: {
      'Redirects to': new URL(subject.redirectUri).host,
      Duration: `Until you remove the access of the application. Each sign-in lasts at most ${subject.maxSignInDays} days.`,
    },
    warning:
      'Accept only if you trust this application. You can remove the application’s access at any time on the “Applications” page of your account.',
    accept: 'Accept',
  })
}

/** Asks whether the person wants to sign in on a device. */
export function devicePage(
  form: HiddenFields,
  subject: Subject & { readonly requestedFrom: string; readonly expires: string },
): Html {
  return question(form, subject, {
    text: html`Are you trying to sign in to <strong>${subject.clientName}</strong> on another device? Anyone who uses
      the other device can then act as you.`,
    more: { 'Requested from': subject.requestedFrom, 'Valid until': subject.expires },
    warning:
      'If someone sent you this code, select Cancel. If you continue, the other person gets access to your account.',
  })
}

/** Sends the response to a client in a form. A script submits the form if scripts are enabled. [OAuth 2.0 Form Post Response Mode §2] */
export function formPostPage(redirectUri: string, parameters: Readonly<Record<string, string>>): Html {
  return html`<p>Select Continue to return to the application.</p>
    <form method="post" action="${redirectUri}">
      ${Object.entries(parameters).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <div class="actions"><button class="primary" type="submit">Continue</button></div>
    </form>`
}

type Question = {
  readonly text: Html
  /** Further details to show. */
  readonly more?: Readonly<Record<string, string>>
  readonly warning?: string
  readonly accept?: string
}

function question(
  form: HiddenFields,
  { account: { user }, clientName, resource }: Subject,
  { text, more = {}, warning, accept = 'Continue' }: Question,
): Html {
  const details = { Application: clientName, 'Access to': resource, ...more }
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
      ${hiddenFields(form)}
      <div class="actions">
        <button class="primary" type="submit" name="decision" value="accept">${accept}</button>
        <button type="submit" name="decision" value="decline">Cancel</button>
      </div>
    </form>`
}
