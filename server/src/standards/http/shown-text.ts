import { cutText } from './cut-text.ts'

const maxLength = 256

/**
 * A text from elsewhere, made fit to be stored and shown: control characters and characters that hide or reorder others
 * are removed, and a long text is cut. Undefined for anything that is not a text, and if nothing is left. [UTS #39 §3.1]
 */
export function shownText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4 * maxLength || !value.isWellFormed()) return undefined
  const clean = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()
  return clean === '' ? undefined : cutText(clean, maxLength)
}
