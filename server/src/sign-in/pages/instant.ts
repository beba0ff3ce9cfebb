import { type Html, html } from './html.ts'

/** A date and time in UTC. */
export function instantText(ms: number): string {
  const iso = new Date(ms).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

/** The date and time as markup that programs can read. */
export function instant(ms: number): Html {
  return html`<time datetime="${new Date(ms).toISOString()}">${instantText(ms)}</time>`
}
