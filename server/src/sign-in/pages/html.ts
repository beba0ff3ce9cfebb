/** Markup that is safe to send. Only {@link html} creates it. */
export class Html {
  readonly #text: string

  constructor(key: typeof madeHere, text: string) {
    if (key !== madeHere) throw new Error('only the html tag can create markup')
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** Prevents calls of the constructor by other code. */
const madeHere = Symbol('html')

/** A value in a template. Undefined and false produce no text. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[]

/**
 * Creates markup from a template. Every value that is not markup is escaped. A template must use values only as text between
 * tags or as the whole value of a quoted attribute. [WHATWG HTML §13.1.2]
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
