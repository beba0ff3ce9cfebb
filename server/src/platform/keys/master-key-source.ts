/** The source of the master key. */
export type MasterKeySource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'env'; readonly variable: string }
  /** A command that wraps and unwraps the data key. The master key stays in a key management service. */
  | { readonly kind: 'exec'; readonly command: string }

/** Parses `file:PATH`, `env:VARIABLE` or `exec:COMMAND`. */
export function parseMasterKeySource(text: string): MasterKeySource | undefined {
  const [, kind, value = ''] = /^(file|env|exec):([^\0]{1,4096})$/.exec(text) ?? []
  switch (kind) {
    case 'file':
      return { kind, file: value }
    case 'env':
      return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? { kind, variable: value } : undefined
    case 'exec':
      return value.trim() === '' ? undefined : { kind, command: value }
    default:
      return undefined
  }
}
