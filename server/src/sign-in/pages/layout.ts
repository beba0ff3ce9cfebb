import { assets } from './assets.ts'
import { type Html, type HtmlValue, html } from './html.ts'
import type { PublicOrigin } from '../../platform/http/requested-origin.ts'

/** The themes of the portal, with what each is to the browser. */
const themes = { system: 'light dark', light: 'light', dark: 'dark', contrast: 'dark' } as const

/** A theme of the portal; `system` is that of the device. */
export type Theme = keyof typeof themes

/** `system` for any other text. */
export function parseTheme(text = ''): Theme {
  return Object.hasOwn(themes, text) ? (text as Theme) : 'system'
}

export type Layout = {
  /** The heading. With the tenant's name, it is also the title. */
  readonly title: string
  readonly tenantName: string
  /** Scheme, host and port of this server. */
  readonly publicOrigin: PublicOrigin
  readonly theme: Theme
  /** Whether the page has the frame of the portal: a header, and the navigation beside the content. */
  readonly isWide?: boolean | undefined
  /** Whether the page has an error. The title then begins with it, because screen readers read the title first. */
  readonly hasError?: boolean | undefined
  readonly navigation?: Html | undefined
  /** The path of the script of the page. */
  readonly script?: string | undefined
}

/** Renders a whole page. */
export function renderPage(layout: Layout, body: HtmlValue): string {
  const { title, tenantName, publicOrigin, isWide = false, hasError = false, navigation, script, theme } = layout
  const page = html`<html lang="en" data-theme="${theme}">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="${themes[theme]}" />
      <title>${hasError && 'Error: '}${title} – ${tenantName}</title>
      <link rel="icon" href="data:," />
      <link rel="stylesheet" href="${assets.style.path}" />
      ${script !== undefined && html`<script src="${script}" defer></script>`}
    </head>
    ${
      isWide
        ? html`<body class="framed">
            <header>${brand(tenantName)}<a href="/portal/">Portal</a></header>
            ${navigation}
            <main>
              <h1>${title}</h1>
              ${body}
            </main>
            ${footer(publicOrigin)}
          </body>`
        : html`<body>
            <main>
              ${brand(tenantName)} ${navigation}
              <h1>${title}</h1>
              ${body}
            </main>
            ${footer(publicOrigin)}
          </body>`
    }
  </html>`
  return `<!doctype html>\n${page.toString()}`
}

function brand(tenantName: string): Html {
  return html`<p class="brand">
    <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M12 0.5 14.6 9.4 23.5 12 14.6 14.6 12 23.5 9.4 14.6 0.5 12 9.4 9.4z" />
    </svg>
    ${tenantName}
  </p>`
}

function footer(publicOrigin: PublicOrigin): Html {
  return html`<footer>You are at ${new URL(String(publicOrigin)).host}</footer>`
}

/** The error above a form that was rejected. Screen readers announce it. `hasFocus` is for forms without a focused field. */
export function alert(message: string | undefined, hasFocus = false): Html | undefined {
  if (message === undefined) return undefined
  return hasFocus
    ? html`<p class="error" role="alert" tabindex="-1" autofocus>${message}</p>`
    : html`<p class="error" role="alert">${message}</p>`
}

/** The message above a page after a change. */
export function notice(message: string | undefined): Html | undefined {
  return message === undefined ? undefined : html`<p class="note" role="status">${message}</p>`
}

export type Field = {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  /** The kind of value that the browser may fill in. [WHATWG HTML §4.10.18.7] */
  readonly autocomplete: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  readonly error?: string | undefined
  readonly hasFocus?: boolean | undefined
  readonly isCode?: boolean | undefined
  readonly isOptional?: boolean | undefined
  readonly inputMode?: 'numeric' | undefined
}

/** A field with its label, hint and error. */
export function field(options: Field): Html {
  const { name, label, type, autocomplete, value, hint, error, hasFocus = false, isCode = false, inputMode } = options
  const described = [error !== undefined && `${name}-error`, hint !== undefined && `${name}-hint`].filter(Boolean)
  return html`<div class="field">
    <label for="${name}">${label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      spellcheck="false"
      autocapitalize="none"
      maxlength="1024"
      ${isCode && html`class="code"`}
      ${inputMode !== undefined && html`inputmode="${inputMode}"`}
      ${value !== undefined && value !== '' && html`value="${value}"`}
      ${options.isOptional !== true && html`required`}
      ${error !== undefined && html`aria-invalid="true"`}
      ${described.length > 0 && html`aria-describedby="${described.join(' ')}"`}
      ${hasFocus && html`autofocus`}
    />
    ${error !== undefined && html`<p class="error" id="${name}-error">${error}</p>`}
    ${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
  </div>`
}

/** The values of the hidden fields of a form. */
export type HiddenFields = {
  /** The token that shows that the form comes from our pages. */
  readonly formToken: string
  /** The sealed flow. */
  readonly flow?: string | undefined
  /** The object id of the account. */
  readonly account?: string | undefined
}

/** Renders the hidden fields of a form. */
export function hiddenFields(
  { formToken, flow, account }: HiddenFields,
  more: Readonly<Record<string, string>> = {},
): Html {
  const fields = { token: formToken, flow, account, ...more }
  return html`${Object.entries(fields).map(
    ([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`,
  )}`
}

/** A link to another page. */
export type Link = { readonly label: string; readonly href: string }

/** A list of links to other pages of the same flow. */
export function linkList(links: readonly Link[]): Html | undefined {
  if (links.length === 0) return undefined
  return html`<ul class="other">
    ${links.map(({ label, href }) => html`<li><a href="${href}">${label}</a></li>`)}
  </ul>`
}
