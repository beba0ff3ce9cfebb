import type { BlobContext } from '../blobs/context.ts'
import type { ChangeContext } from '../deletion/context.ts'

/** What the policies, and the handlers of soft-deleted content, are given. */
export type RetentionContext = ChangeContext & Pick<BlobContext, 'clock' | 'audit' | 'space' | 'quotas' | 'settings'>
