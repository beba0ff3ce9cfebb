import type { ManifestContext } from '../manifests/context.ts'
import type { PropertiesContext } from '../properties/context.ts'
import type { RetentionContext } from '../retention/context.ts'

/** The context of bulk operations of all kinds. */
export type BulkContext = ManifestContext & PropertiesContext & RetentionContext
