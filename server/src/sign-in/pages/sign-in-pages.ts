import { type Html, html } from './html.ts'
import type { User } from '../../directory/index.ts'
import { type HiddenFields, type Link, alert, field, hiddenFields, linkList } from './layout.ts'

/** The values that every page of a flow needs. */
export type SignInForm = HiddenFields & {
  readonly flow: string
  /** The client that requested the sign-in; undefined for our own pages. */
  readonly clientName: string | undefined
  /** Whether the page has a "Cancel" button. */
  readonly canCancel: boolean
}

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
    otherLinks,
  }: {
    hint: string | undefined
    /** Why the person must sign in again. */
    reason?: string | undefined
    problem?: PasswordProblem
    otherLinks: readonly Link[]
  },
): Html {
  const isNamed = hint !== undefined && hint !== ''
  const focus = problem.userName !== undefined || (!isNamed && problem.password === undefined) ? 'username' : 'password'
  const hasMessage = problem.message !== undefined
  return html`${continueTo(form)} ${reason !== undefined && html`<p>${reason}</p>`} ${alert(problem.message)}
    <form method="post" action="/sign-in/password" novalidate>
      ${hiddenFields(form)}
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
    ${linkList(otherLinks)}`
}

/** Asks which account of this browser to use. */
export function choosePage(
  form: SignInForm,
  accounts: readonly { readonly user: Pick<User, 'objectId' | 'displayName' | 'userPrincipalName'> }[],
): Html {
  return html`${continueTo(form)}
    <form method="post" action="/sign-in/account">
      ${hiddenFields(form)}
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
        ${hiddenFields(form)}
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
    otherLinks,
  }: { kind: 'totp' | 'recovery'; problem?: string | undefined; otherLinks: readonly Link[] },
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
          hint: 'The six-digit code in your authenticator app.',
          error: problem,
          hasFocus: true,
        })
      : field({
          name: 'code',
          label: 'Recovery code',
          type: 'text',
          autocomplete: 'off',
          isCode: true,
          hint: 'Each recovery code works once.',
          error: problem,
          hasFocus: true,
        })
  return html`<form method="post" action="/sign-in/code" novalidate>
      ${hiddenFields(form, { kind })} ${code}
      <div class="actions">
        <button class="primary" type="submit">Verify</button>
        ${cancelButton(form)}
      </div>
    </form>
    ${linkList(otherLinks)}`
}

/** Asks the browser for a passkey. */
export function passkeyPage(
  form: SignInForm,
  {
    options,
    challenge,
    problem,
    otherLinks,
  }: { options: string; challenge: string; problem?: string | undefined; otherLinks: readonly Link[] },
): Html {
  return html`${continueTo(form)} ${alert(problem)}
    <p>Your browser will ask for your fingerprint, face, PIN or security key.</p>
    <p role="status" data-passkey-status></p>
    <noscript><p class="error">Passkeys require JavaScript. Turn JavaScript on in your browser.</p></noscript>
    <form method="post" action="/sign-in/passkey" data-passkey="get" data-options="${options}">
      ${hiddenFields(form, { challenge, credential: '' })}
      <div class="actions">
        <button class="primary" type="submit" autofocus disabled>Use a passkey</button>${cancelButton(form)}
      </div>
    </form>
    ${linkList(otherLinks)}`
}

/** The page of a one-time link. Its script hides the field when the address has the code. */
export function oneTimeLinkPage(form: Pick<HiddenFields, 'formToken'>, problem?: string): Html {
  return html`<p>With this link, you choose the password of your account. The link works once.</p>
    <form method="post" action="/sign-in/link" novalidate>
      ${hiddenFields({ formToken: form.formToken })}
      ${field({
        name: 'link_code',
        label: 'Link',
        type: 'text',
        autocomplete: 'off',
        hint: 'Paste the complete link.',
        error: problem,
        hasFocus: problem !== undefined,
      })}
      <div class="actions"><button class="primary" type="submit">Continue</button></div>
    </form>`
}

/** Asks for a new password in place of a temporary one. */
export function newPasswordPage(
  form: SignInForm,
  userName: string,
  { problem, otherMethods }: { problem?: string | undefined; otherMethods: readonly Html[] },
): Html {
  return html`<p>Choose a new password for <strong>${userName}</strong> to continue.</p>
    <form method="post" action="/sign-in/new-password" novalidate>
      ${hiddenFields(form)} ${hiddenUserName(userName)} ${newPasswordFields(problem)} ${remainingMethods(otherMethods)}
      <div class="actions"><button class="primary" type="submit">Continue</button>${cancelButton(form)}</div>
    </form>`
}

/** Offers to remove the other sign-in methods, which an attacker may have added. A new password does not remove them. */
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
        >I don’t recognise some of these. Remove the authenticator app, all passkeys and all recovery codes.</label
      >
    </p>
  </fieldset>`
}

/** The user name for password managers. It is not shown, and must be the first field of the form. */
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
    label: 'Confirm new password',
    type: 'password',
    autocomplete: 'new-password',
  })
  return html`${chosen} ${repeated}`
}

/** The field for the first code of a new app. */
export function confirmationField(problem: string | undefined): Html {
  return field({
    name: 'code',
    label: 'Code',
    type: 'text',
    autocomplete: 'one-time-code',
    inputMode: 'numeric',
    isCode: true,
    hint: 'The six-digit code in your authenticator app.',
    error: problem,
    hasFocus: problem !== undefined,
  })
}

function continueTo({ clientName }: SignInForm): Html | undefined {
  return clientName === undefined ? undefined : html`<p>to continue to <strong>${clientName}</strong></p>`
}

/** The button that cancels the sign-in and returns to the client. */
export function cancelButton({ canCancel }: SignInForm): Html | undefined {
  if (!canCancel) return undefined
  return html`<button type="submit" name="decision" value="decline" formaction="/sign-in/answer" formnovalidate>
    Cancel
  </button>`
}
