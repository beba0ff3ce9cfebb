/** Markup that is safe to send as it is. Only {@link html} makes it. */
export class Html {
  readonly #text: string

  constructor(key: typeof madeHere, text: string) {
    if (key !== madeHere) throw new Error('markup is made by the html tag alone')
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** Keeps others from calling the constructor with text of their own. */
const madeHere = Symbol('html')

/** What may stand in a template. Undefined and false leave nothing behind. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[]

/**
 * Makes markup of a template. Every value is escaped, unless it is markup itself, so that it is text between tags and the
 * whole value of a quoted attribute; a template never puts one anywhere else. [WHATWG HTML §13.1.2]
 */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = parts[0] ?? ''
  for (const [index, value] of values.entries()) text += render(value) + (parts[index + 1] ?? '')
  return new Html(madeHere, text)
}

function render(value: HtmlValue): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'number') return String(value)
  return value.map(render).join('')
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

function escape(text: string): string {
  return text.toWellFormed().replaceAll(/[&<>"'`]/g, (character) => escapes[character] ?? '')
}
