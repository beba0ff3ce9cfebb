import type { BlobContext } from '../blobs/context.ts'
import type { ChangeContext } from '../deletion/context.ts'

/** The context of the policies, and of the handlers of soft-deleted content. */
export type RetentionContext = ChangeContext & Pick<BlobContext, 'clock' | 'audit' | 'space' | 'quotas' | 'settings'>
