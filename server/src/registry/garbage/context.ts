import type { UploadContext } from '../uploads/context.ts'

/** What the garbage collection is given. */
export type GarbageContext = Pick<UploadContext, 'database' | 'clock' | 'blobs' | 'settings' | 'running' | 'staged'>
