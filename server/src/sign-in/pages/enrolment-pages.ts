import { type Html, html } from './html.ts'
import { alert, hiddenFields, field } from './layout.ts'
import { type SignInForm, cancelButton, confirmationField } from './sign-in-pages.ts'

/** Asks the person to set up a second factor before the sign-in continues. */
export function enrolmentPage(
  form: SignInForm,
  {
    needsCode,
    canAddPasskey,
    problem,
  }: { readonly needsCode: boolean; readonly canAddPasskey: boolean; readonly problem?: string | undefined },
): Html {
  return html`${!needsCode && alert(problem)}
    <p>
      Your organisation requires a second factor. An authenticator app on your phone shows a new code every 30 seconds.
    </p>
    ${
      canAddPasskey &&
      html`<p>
        A passkey uses your fingerprint, face, PIN or security key. A passkey can also sign you in without a password.
      </p>`
    }
    <form method="post" action="/sign-in/enrolment" novalidate>
      ${hiddenFields(form)}
      ${
        needsCode &&
        field({
          name: 'access_pass',
          label: 'Access pass',
          type: 'text',
          autocomplete: 'off',
          isCode: true,
          hint: 'Ask an administrator for this code. The code works once.',
          error: problem,
          hasFocus: true,
        })
      }
      <div class="actions">
        <button class="primary" type="submit">Set up an authenticator app</button>
        ${canAddPasskey && html`<button type="submit" name="method" value="passkey">Add a passkey</button>`}
        ${cancelButton(form)}
      </div>
    </form>`
}

/** Shows the secret for the app, as a picture and as text, and asks for its first code. */
export function firstCodePage(
  form: SignInForm,
  made: {
    readonly picture: string
    readonly secretBase32: string
    readonly accessPass: string
    readonly problem?: string | undefined
  },
): Html {
  const { picture, secretBase32, accessPass, problem } = made
  return html`${secretOf(picture, secretBase32)}
    <form method="post" action="/sign-in/enrolment/confirm" novalidate>
      ${hiddenFields(form, { access_pass: accessPass })} ${confirmationField(problem)}
      <div class="actions"><button class="primary" type="submit">Confirm</button>${cancelButton(form)}</div>
    </form>`
}

/** The secret of an authenticator app, as a QR code to scan and as text to type. */
export function secretOf(picture: string, secret: string): Html {
  return html`<p>Scan the QR code with your authenticator app, or enter this key in the app:</p>
    <img class="qr" src="${picture}" alt="QR code that contains the key below" width="192" height="192" />
    <p class="secret">${secret.match(/.{1,4}/g)?.join(' ')}</p>`
}
