import { oneOf, searchOf } from '../../components/elements/search-params.ts'

/** Reads the address of a manifest. */
export const parseManifestSearch = searchOf({ show: oneOf('config', 'referrers', 'raw') })

/** The parts of the view of a manifest. */
export type ManifestPart = 'overview' | NonNullable<ReturnType<typeof parseManifestSearch>['show']>
