/** What a key does in the whole portal. */
export type KeyAction =
  | { readonly kind: 'list' | 'filter' | 'refresh' }
  /** Opens the view whose key this is. */
  | { readonly kind: 'go'; readonly key: string }

/** What a key means, and whether the next key names a view. `isAfterGo`: whether the key before was G. */
export function readKey(key: string, isAfterGo: boolean): { readonly action?: KeyAction; readonly isGo: boolean } {
  const name = key.toLowerCase()
  if (isAfterGo) return { ...(/^[a-z]$/.test(name) && { action: { kind: 'go', key: name } }), isGo: false }
  if (name === 'g') return { isGo: true }
  const kind = ({ '?': 'list', '/': 'filter', r: 'refresh' } as const)[name]
  return { ...(kind && { action: { kind } }), isGo: false }
}
