import { oneOf, searchOf } from '../../components/elements/search-params.ts'

export const manifestParts = ['overview', 'config', 'referrers', 'raw'] as const
export type ManifestPart = (typeof manifestParts)[number]

/** Reads the address of a manifest. */
export const parseManifestSearch = searchOf({ show: oneOf('config', 'referrers', 'raw') })
