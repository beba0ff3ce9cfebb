import { cutText } from './cut-text.ts'

const maxLength = 256

/**
 * Cleans an external text for storage and display: removes control characters and characters that hide or reorder others,
 * and cuts a long text. Undefined for other values, and if nothing is left. [UTS #39 §3.1]
 */
export function shownText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4 * maxLength || !value.isWellFormed()) return undefined
  const clean = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()
  return clean === '' ? undefined : cutText(clean, maxLength)
}
