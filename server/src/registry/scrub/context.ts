import type { GarbageContext } from '../garbage/context.ts'
import type { ManifestContext } from '../manifests/context.ts'

/** What a scrub is given. */
export type ScrubContext = GarbageContext &
  Pick<ManifestContext, 'audit' | 'log' | 'blobReads' | 'integrity' | 'manifestCache' | 'acceptsSparseImages'>
