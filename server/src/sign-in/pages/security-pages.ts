import type { Passkey, SecondFactorsHeld } from '../../directory/index.ts'
import { instant } from '../account.ts'
import { type Html, html } from '../html.ts'
import { type Carried, alert, carried, field } from './layout.ts'
import { secretOf } from './enrolment-pages.ts'
import { confirmationField, shownCodes } from './sign-in-pages.ts'

type Form = Carried & { readonly account: string }

/** Lists what somebody proves who they are with, each with what can be done about it. */
export function securityPage(
  form: Form,
  { held, passkeys, canAddPasskey }: { held: SecondFactorsHeld; passkeys: readonly Passkey[]; canAddPasskey: boolean },
): Html {
  return html`<p>
      ${
        held.totp || held.passkeys > 0
          ? 'Beside your password you are asked for a second proof.'
          : 'You sign in with your password alone. A second proof keeps others out who have learnt it.'
      }
    </p>
    <h2>Authenticator app</h2>
    ${
      held.totp
        ? html`<p>An app is set up.</p>
            ${button(form, '/account/security/authenticator/remove', 'Remove the app')}`
        : html`<p>An app on your phone shows a new code every 30 seconds.</p>
            ${button(form, '/account/security/authenticator/new', 'Set up an app')}`
    }
    <h2>Passkeys</h2>
    ${
      passkeys.length === 0
        ? html`<p>
            A passkey lets you sign in with your fingerprint, face, PIN or a security key, without a password.
          </p>`
        : html`<ul class="rows">
            ${passkeys.map(
              ({ id, displayName, createdAtMs }) =>
                html`<li>
                  <span>${displayName}<span class="quiet">added ${instant(createdAtMs)}</span></span>
                  <form method="post" action="/account/security/passkey/remove">
                    ${carried(form, { passkey: id })}<button type="submit" aria-label="Remove ${displayName}">
                      Remove
                    </button>
                  </form>
                </li>`,
            )}
          </ul>`
    }
    ${
      canAddPasskey
        ? html`<p><a class="button" href="/account/security/passkey?account=${form.account}">Add a passkey</a></p>`
        : html`<p class="quiet">Passkeys need a host name, and this server is reached by an address.</p>`
    }
    ${
      (held.totp || held.passkeys > 0) &&
      html`<h2>Recovery codes</h2>
        <p>${held.recoveryCodes} unused. New codes take the place of the old ones.</p>
        ${button(form, '/account/security/recovery-codes', 'Make new codes')}`
    }`
}

/**
 * Shows the secret for an authenticator app, as a picture and as text, and asks for its first code. After a wrong code the
 * secret stays the same, so that an app which has it already can be tried again; "Start over" makes another.
 */
export function authenticatorPage(
  form: Form,
  { picture, secret, problem }: { picture: string; secret: string; problem?: string | undefined },
): Html {
  return html`${secretOf(picture, secret)} ${confirmation(form, problem)}
  ${
    problem !== undefined &&
    html`<h2>The app shows no code, or no code works?</h2>
      ${button(form, '/account/security/authenticator/new', 'Start over')}`
  }`
}

/** Has the browser make a passkey. */
export function newPasskeyPage(
  form: Form,
  { options, challenge, problem }: { options: string; challenge: string; problem?: string | undefined },
): Html {
  return html`${alert(problem)}
    <p>Your browser asks where to keep the passkey: on this device, on your phone or on a security key.</p>
    <p role="status" data-passkey-status></p>
    <noscript><p class="error">Passkeys need scripts, which are turned off in this browser.</p></noscript>
    <form method="post" action="/account/security/passkey" data-passkey="create" data-options="${options}" novalidate>
      ${carried(form, { challenge, credential: '' })}
      ${field({
        name: 'name',
        label: 'Name',
        type: 'text',
        autocomplete: 'off',
        isOptional: true,
        hint: 'By which you know it again, such as the device that it is on.',
        hasFocus: true,
      })}
      <div class="actions">
        <button class="primary" type="submit" disabled>Add a passkey</button>
        <a class="button" href="/account/security?account=${form.account}">Cancel</a>
      </div>
    </form>`
}

/** Shows recovery codes, this once. */
export function recoveryCodesPage(account: string, codes: readonly string[]): Html {
  return html`${shownCodes(codes)}
    <div class="actions">
      <a class="button" href="/account/security?account=${account}">I have written them down</a>
    </div>`
}

function confirmation(form: Form, problem?: string): Html {
  return html`<form method="post" action="/account/security/authenticator" novalidate>
    ${carried(form)} ${confirmationField(problem)}
    <div class="actions">
      <button class="primary" type="submit">Confirm</button>
      <a class="button" href="/account/security?account=${form.account}">Cancel</a>
    </div>
  </form>`
}

function button(form: Form, action: string, label: string): Html {
  return html`<form method="post" action="${action}">${carried(form)}<button type="submit">${label}</button></form>`
}
