export const manifestParts = ['overview', 'config', 'referrers', 'raw'] as const
export type ManifestPart = (typeof manifestParts)[number]

/** The values in the address of a manifest. */
export type ManifestSearch = { readonly show?: Exclude<ManifestPart, 'overview'> }

/** Reads the address. Unknown values are ignored. */
export function parseManifestSearch({ show }: Record<string, unknown>): ManifestSearch {
  return show === 'config' || show === 'referrers' || show === 'raw' ? { show } : {}
}
