import type { IndexChildren } from '../manifests/index-children.ts'
import type { ManifestContext } from '../manifests/context.ts'

/** The context of the handlers of properties and locks. */
export type PropertiesContext = Pick<
  ManifestContext,
  'database' | 'clock' | 'audit' | 'repositories' | 'manifestCache' | 'lastPulls' | 'sweeper' | 'space'
> & { readonly indexChildren: IndexChildren }
