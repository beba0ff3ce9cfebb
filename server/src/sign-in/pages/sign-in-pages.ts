import { type Html, html } from '../html.ts'
import type { Account } from '../sessions.ts'
import { type Carried, alert, carried, field } from './layout.ts'

/** What all pages of one sign-in have in common. */
export type SignInForm = Carried & {
  readonly flow: string
  /** The program that sent the person here; absent for our own pages. */
  readonly clientName: string | undefined
  /** Whether "Cancel" leads somewhere. */
  readonly canCancel: boolean
}

/** A way to sign in that leads elsewhere: to an organisation's own provider. */
export type OtherWay = { readonly label: string; readonly href: string }

export type PasswordProblem = {
  readonly message?: string | undefined
  readonly userName?: string | undefined
  readonly password?: string | undefined
  /** Whether a second factor is required together with the password. */
  readonly needsCode?: boolean | undefined
}

/** Asks for the user name and password. */
export function passwordPage(
  form: SignInForm,
  {
    hint,
    reason,
    problem = {},
    otherWays,
  }: {
    hint: string | undefined
    /** Why the person is asked again. */
    reason?: string | undefined
    problem?: PasswordProblem
    otherWays: readonly OtherWay[]
  },
): Html {
  const isNamed = hint !== undefined && hint !== ''
  const focus = problem.userName !== undefined || (!isNamed && problem.password === undefined) ? 'username' : 'password'
  const hasMessage = problem.message !== undefined
  return html`${onward(form)} ${reason !== undefined && html`<p>${reason}</p>`} ${alert(problem.message)}
    <form method="post" action="/sign-in/password" novalidate>
      ${carried(form)}
      ${field({
        name: 'username',
        label: 'User name',
        type: 'email',
        autocomplete: 'username',
        value: hint,
        error: problem.userName,
        hasFocus: focus === 'username',
      })}
      ${field({
        name: 'password',
        label: 'Password',
        type: 'password',
        autocomplete: 'current-password',
        error: problem.password,
        hasFocus: focus === 'password' || (hasMessage && isNamed),
      })}
      ${
        problem.needsCode === true &&
        field({
          name: 'code',
          label: 'Authenticator code or recovery code',
          type: 'text',
          autocomplete: 'one-time-code',
          isCode: true,
        })
      }
      <div class="actions">
        <button class="primary" type="submit">Sign in</button>
        ${cancelButton(form)}
      </div>
    </form>
    ${
      otherWays.length > 0 &&
      html`<ul class="other">
        ${otherWays.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}
      </ul>`
    }`
}

/** Has the person choose among the accounts of this browser. */
export function choosePage(form: SignInForm, accounts: readonly Account[]): Html {
  return html`${onward(form)}
    <form method="post" action="/sign-in/account">
      ${carried(form)}
      <ul class="accounts">
        ${accounts.map(
          ({ user }) =>
            html`<li>
              <button type="submit" name="chosen" value="${user.objectId}">
                <span class="account">${user.displayName}</span>
                <span class="quiet">${user.userPrincipalName}</span>
              </button>
            </li>`,
        )}
        <li><button type="submit" name="chosen" value="another">Use another account</button></li>
      </ul>
    </form>
    ${
      form.canCancel &&
      html`<form method="post" action="/sign-in/answer">
        ${carried(form)}
        <div class="actions">${cancelButton(form)}</div>
      </form>`
    }`
}

/** Asks for the code of an authenticator app, or for a recovery code. */
export function secondFactorPage(
  form: SignInForm,
  {
    kind,
    problem,
    otherWays,
  }: { kind: 'totp' | 'recovery'; problem?: string | undefined; otherWays: readonly OtherWay[] },
): Html {
  const code =
    kind === 'totp'
      ? field({
          name: 'code',
          label: 'Code',
          type: 'text',
          autocomplete: 'one-time-code',
          inputMode: 'numeric',
          isCode: true,
          hint: 'The six digits that your authenticator app shows now.',
          error: problem,
          hasFocus: true,
        })
      : field({
          name: 'code',
          label: 'Recovery code',
          type: 'text',
          autocomplete: 'off',
          isCode: true,
          hint: 'One of the codes that you saved. Each works once.',
          error: problem,
          hasFocus: true,
        })
  return html`<form method="post" action="/sign-in/code" novalidate>
      ${carried(form, { kind })} ${code}
      <div class="actions">
        <button class="primary" type="submit">Verify</button>
        ${cancelButton(form)}
      </div>
    </form>
    ${links(otherWays)}`
}

/** Asks the browser for a passkey. */
export function passkeyPage(
  form: SignInForm,
  {
    options,
    challenge,
    problem,
    otherWays,
  }: { options: string; challenge: string; problem?: string | undefined; otherWays: readonly OtherWay[] },
): Html {
  return html`${onward(form)} ${alert(problem)}
    <p>Your browser will ask for a fingerprint, face, PIN or security key.</p>
    <p role="status" data-passkey-status></p>
    <noscript><p class="error">Passkeys need JavaScript, which is turned off in this browser.</p></noscript>
    <form method="post" action="/sign-in/passkey" data-passkey="get" data-options="${options}">
      ${carried(form, { challenge, credential: '' })}
      <div class="actions">
        <button class="primary" type="submit" autofocus disabled>Use a passkey</button>${cancelButton(form)}
      </div>
    </form>
    ${links(otherWays)}`
}

/** Has the person replace a password that somebody else chose. */
export function newPasswordPage(
  form: SignInForm,
  userName: string,
  { problem, otherMethods }: { problem?: string | undefined; otherMethods: readonly Html[] },
): Html {
  return html`<p>Your current password is temporary. Choose your own to continue.</p>
    <form method="post" action="/sign-in/new-password" novalidate>
      ${carried(form)} ${hiddenUserName(userName)} ${newPasswordFields(problem)} ${remainingMethods(otherMethods)}
      <div class="actions"><button class="primary" type="submit">Continue</button>${cancelButton(form)}</div>
    </form>`
}

/** A new password does not remove other sign-in methods, which an attacker may have added. */
function remainingMethods(methods: readonly Html[]): Html | undefined {
  if (methods.length === 0) return undefined
  return html`<fieldset>
    <legend>Your account has other sign-in methods</legend>
    <ul>
      ${methods.map((method) => html`<li>${method}</li>`)}
    </ul>
    <p class="check">
      <input id="remove-methods" name="remove-methods" type="checkbox" value="all" />
      <label for="remove-methods"
        >I don’t recognise all of these. Remove the app, all passkeys and all recovery codes.</label
      >
    </p>
  </fieldset>`
}

/** The user name, for whoever keeps passwords; it stands first in a form and is not shown. */
export function hiddenUserName(userName: string): Html {
  return html`<input type="text" name="username" value="${userName}" autocomplete="username" hidden readonly />`
}

/** The two fields of a new password. */
export function newPasswordFields(problem: string | undefined, hasFocus = true): Html {
  const chosen = field({
    name: 'new-password',
    label: 'New password',
    type: 'password',
    autocomplete: 'new-password',
    hint: 'At least 10 characters. Several words are easier to remember than symbols.',
    error: problem,
    hasFocus,
  })
  const repeated = field({
    name: 'repeated',
    label: 'New password again',
    type: 'password',
    autocomplete: 'new-password',
  })
  return html`${chosen} ${repeated}`
}

/** Asks for the first code of an app that was just set up. */
export function confirmationField(problem: string | undefined): Html {
  return field({
    name: 'code',
    label: 'Code',
    type: 'text',
    autocomplete: 'one-time-code',
    inputMode: 'numeric',
    isCode: true,
    hint: 'The six digits that the app shows now.',
    error: problem,
    hasFocus: problem !== undefined,
  })
}

function onward({ clientName }: SignInForm): Html | undefined {
  return clientName === undefined ? undefined : html`<p>to continue to <strong>${clientName}</strong></p>`
}

/** The button that cancels the sign-in and returns to the program that requested it. */
export function cancelButton({ canCancel }: SignInForm): Html | undefined {
  if (!canCancel) return undefined
  return html`<button type="submit" name="decision" value="refuse" formaction="/sign-in/answer" formnovalidate>
    Cancel
  </button>`
}

/** Leads to other pages of the same sign-in. */
export function links(ways: readonly OtherWay[]): Html | undefined {
  if (ways.length === 0) return undefined
  return html`<ul class="other">
    ${ways.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}
  </ul>`
}
