import type { Passkey, SecondFactorsHeld } from '../../credentials/index.ts'
import { instant } from './instant.ts'
import { type Html, html } from './html.ts'
import { type HiddenFields, alert, hiddenFields, field } from './layout.ts'
import { secretOf } from './enrolment-pages.ts'
import { confirmationField } from './sign-in-pages.ts'

type Form = HiddenFields & { readonly account: string }

/** Lists the sign-in methods of a person, with the actions for each. */
export function securityPage(
  form: Form,
  { held, passkeys, canAddPasskey }: { held: SecondFactorsHeld; passkeys: readonly Passkey[]; canAddPasskey: boolean },
): Html {
  const hasFactor = held.totp || held.passkeys > 0
  return html`<p>
      ${
        hasFactor
          ? 'After you enter your password, you need a second factor.'
          : 'You sign in with only your password. A second factor protects your account if someone learns your password.'
      }
    </p>
    <h2>Authenticator app</h2>
    ${
      held.totp
        ? html`<p>An authenticator app is set up.</p>
            ${link(`/account/security/remove?account=${form.account}`, 'Remove the app')}`
        : html`<p>An authenticator app on your phone shows a new code every 30 seconds.</p>
            ${button(form, '/account/security/authenticator/new', 'Set up an app')}`
    }
    <h2>Passkeys</h2>
    ${
      passkeys.length === 0
        ? html`<p>A passkey signs you in with a fingerprint, face, PIN or security key, without a password.</p>`
        : html`<ul class="rows">
            ${passkeys.map(
              ({ id, displayName, createdAtMs }) =>
                html`<li>
                  <span>${displayName}<span class="quiet">Added ${instant(createdAtMs)}</span></span>
                  <a
                    class="button"
                    href="/account/security/remove?account=${form.account}&amp;passkey=${id}"
                    aria-label="Remove ${displayName}"
                    >Remove</a
                  >
                </li>`,
            )}
          </ul>`
    }
    ${
      canAddPasskey
        ? link(`/account/security/passkey?account=${form.account}`, 'Add a passkey')
        : html`<p class="quiet">Passkeys require a host name, but this server uses an IP address.</p>`
    }
    ${
      hasFactor &&
      html`<h2>Recovery codes</h2>
        <p>
          ${held.recoveryCodes} of 10 codes
          left.${held.recoveryCodes < 3 && html` <strong>Create new codes soon.</strong>`}
        </p>
        <p class="quiet">
          Use a recovery code if you don’t have your authenticator app or passkey. Each code works once. New codes
          replace the old codes.
        </p>
        ${button(form, '/account/security/recovery-codes', 'Create new codes')}`
    }`
}

/** Says that the sign-in methods changed, and offers to end all other sessions. [ASVS 5.0, 7.4.3] */
export function changedNotice(form: Form): Html {
  return html`<div class="note" role="status">
    <p>Your sign-in methods have changed. If someone else may have used your account, end all other sessions.</p>
    <form method="post" action="/account/sign-ins/end">
      ${hiddenFields(form)}<button type="submit" name="sign_in" value="others">Sign out everywhere else</button>
    </form>
  </div>`
}

/** Asks for confirmation before the app or a passkey is removed. */
export function removalPage(form: Form, { passkey, isLast }: { passkey: Passkey | undefined; isLast: boolean }): Html {
  const what =
    passkey === undefined ? html`the authenticator app` : html`the passkey <strong>${passkey.displayName}</strong>`
  const action = `/account/security/${passkey === undefined ? 'authenticator' : 'passkey'}/remove`
  return html`<p>You will no longer be able to sign in with ${what}.</p>
    ${isLast && html`<p class="warning">This is your last second factor. Your recovery codes will be deleted too. If your organisation requires a second factor, you must set up a new second factor at your next sign-in. If your organisation requires no second factor, only your password protects your account.</p>`}
    <form method="post" action="${action}">
      ${hiddenFields(form, passkey === undefined ? {} : { passkey: passkey.id })}
      <div class="actions">
        <button class="primary danger" type="submit">Remove</button>
        <a class="button" href="/account/security?account=${form.account}">Cancel</a>
      </div>
    </form>`
}

/**
 * Shows the secret for an authenticator app, as a QR code and as text, and asks for its first code. After a wrong code,
 * the secret stays the same, so that an app that has it can be tried again; "Start over" creates a new secret.
 */
export function authenticatorPage(
  form: Form,
  { picture, secret, problem }: { picture: string; secret: string; problem?: string | undefined },
): Html {
  return html`${secretOf(picture, secret)} ${confirmation(form, problem)}
  ${
    problem !== undefined &&
    html`<h2>No code, or the code doesn’t work?</h2>
      ${button(form, '/account/security/authenticator/new', 'Start over')}`
  }`
}

/** Asks the browser to create a passkey. The form sends it to `action`, together with `hidden`. */
export function newPasskeyPage(
  form: HiddenFields,
  {
    options,
    challenge,
    action,
    hidden,
    cancel,
    problem,
  }: {
    options: string
    challenge: string
    action: string
    hidden?: Readonly<Record<string, string>>
    cancel: Html | undefined
    problem?: string | undefined
  },
): Html {
  return html`${alert(problem)}
    <p>Your browser will ask where to save the passkey: on this device, on your phone or on a security key.</p>
    <p role="status" data-passkey-status></p>
    <noscript><p class="error">Passkeys require JavaScript. Turn JavaScript on in your browser.</p></noscript>
    <form method="post" action="${action}" data-passkey="create" data-options="${options}" novalidate>
      ${hiddenFields(form, { ...hidden, challenge, credential: '' })}
      ${field({
        name: 'name',
        label: 'Name',
        type: 'text',
        autocomplete: 'off',
        isOptional: true,
        hint: 'A name by which you recognise the passkey, such as the device.',
        hasFocus: true,
      })}
      <div class="actions"><button class="primary" type="submit" disabled>Add a passkey</button>${cancel}</div>
    </form>`
}

/** Shows new recovery codes. They are shown only once. `next` is the path of the next page. */
export function recoveryCodesPage(userPrincipalName: string, codes: readonly string[], next: string): Html {
  return html`<p>
      Use one of these codes if you don’t have your authenticator app or passkey. Each code works once. Save the codes
      now: you can’t view the codes again.
    </p>
    <ul class="codes" data-account="${userPrincipalName}">
      ${codes.map((code) => html`<li><code>${code}</code></li>`)}
    </ul>
    <div class="bar" data-codes-actions hidden>
      <button type="button" data-copy>Copy</button>
      <button type="button" data-download>Download</button>
      <button type="button" data-print>Print</button>
    </div>
    <p role="status" class="quiet" data-codes-status></p>
    <div class="actions">
      <a class="button primary" href="${next}">I have saved the codes</a>
    </div>`
}

function confirmation(form: Form, problem?: string): Html {
  return html`<form method="post" action="/account/security/authenticator" novalidate>
    ${hiddenFields(form)} ${confirmationField(problem)}
    <div class="actions">
      <button class="primary" type="submit">Confirm</button>
      <a class="button" href="/account/security?account=${form.account}">Cancel</a>
    </div>
  </form>`
}

function button(form: Form, action: string, label: string): Html {
  return html`<form method="post" action="${action}">
    ${hiddenFields(form)}<button type="submit">${label}</button>
  </form>`
}

function link(href: string, label: string): Html {
  return html`<p><a class="button" href="${href}">${label}</a></p>`
}
