const longestText = 256

/**
 * A text of somebody else's that may be stored and shown: without control characters, without those that hide or turn what
 * stands beside them, and cut where it is long. Undefined for what is none, or has nothing else. [UTS #39 §3.1]
 */
export function shownText(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 4 * longestText || !value.isWellFormed()) return undefined
  const clean = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '').trim()
  const cut = clean.length <= longestText ? clean : clean.slice(0, longestText).replace(/[\ud800-\udbff]$/, '')
  return cut === '' ? undefined : cut
}
