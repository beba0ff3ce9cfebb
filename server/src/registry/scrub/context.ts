import type { GarbageContext } from '../garbage/context.ts'
import type { ManifestContext } from '../manifests/context.ts'

/** The context of a scrub. */
export type ScrubContext = GarbageContext &
  Pick<ManifestContext, 'audit' | 'log' | 'blobReads' | 'integrity' | 'manifestCache' | 'acceptsSparseImages'>
